#: output = "too big\n"
try:
    grid = [0] * 10**12
except MemoryError:
    print("too big")
