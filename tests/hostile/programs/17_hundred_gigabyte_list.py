#: number = 17
#: want = ["MEMORY_LIMIT"]
[0] * (10**11)
