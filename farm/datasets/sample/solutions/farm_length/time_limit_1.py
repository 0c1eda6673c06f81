word = input()
i = 0
while i < len(word):
    if word[i] == " ":
        i += 1
print(i)
