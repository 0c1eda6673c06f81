fence = input().strip()
runs = 1
for left, right in zip(fence, fence[1:]):
    if left != right:
        runs += 1
print(runs)
