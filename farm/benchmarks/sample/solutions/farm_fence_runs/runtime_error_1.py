fence = input().strip()


def runs(i):
    if i == len(fence) - 1:
        return 1
    return runs(i + 1) + (fence[i] != fence[i + 1])


print(runs(0))
