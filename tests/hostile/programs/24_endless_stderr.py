#: number = 24
#: want = ["TIME_LIMIT"]
#: limits = { cpu_s = 0.5, wall_s = 3.0 }
while True:
    os.write(2, b"noise " * 8192)
