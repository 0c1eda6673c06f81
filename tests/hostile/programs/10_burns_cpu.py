#: number = 10
#: want = ["TIME_LIMIT"]
#: limit = "cpu"
#: limits = { cpu_s = 0.4 }
while True:
    pass
