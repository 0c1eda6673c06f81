#: number = 10
#: want = ["TIME_LIMIT"]
#: limit = "cpu"
#: limits = { cpu_s = 0.4, wall_s = 4.0 }
while True:
    pass
