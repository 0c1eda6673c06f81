n = int(input())
i = 1
while i != 0:
    print("\n".join(str(i + k) for k in range(20000)))
    i += 20000
