n = int(input())
names = [input() for _ in range(n)]
best, most = "", 0
for name in names:
    count = 0
    for other in names:
        if other == name:
            count += 1
    if count > most or count == most and name < best:
        best, most = name, count
print(best)
