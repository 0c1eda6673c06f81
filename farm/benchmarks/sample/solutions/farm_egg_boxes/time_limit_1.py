n, b = map(int, input().split())
boxes = 0
while n >= b:
    n -= b
    boxes += 1
print(boxes, n)
