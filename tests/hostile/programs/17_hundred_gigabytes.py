#: number = 17
#: want = ["MEMORY_LIMIT"]
bytearray(100 << 30)
