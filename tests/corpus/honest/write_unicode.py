#: input = "naïve 日本語 🐍\n"
#: output = "🐍 語本日 evïan 3\n"
words = input().split()
print(*(word[::-1] for word in reversed(words)), len(words))
