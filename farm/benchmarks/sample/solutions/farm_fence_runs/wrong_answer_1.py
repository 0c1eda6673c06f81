fence = input().strip()
print(len(set(fence)))
