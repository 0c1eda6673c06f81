#: number = 18
#: want = ["PASSED"]
#: output = "survived"
try:
    bytearray(100 << 30)
except MemoryError:
    print("survived")
