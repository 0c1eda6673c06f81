#: number = 9
#: want = ["TIME_LIMIT"]
#: limits = { cpu_s = 0.5, wall_s = 3.0 }
while True:
    try:
        while True:
            pass
    except:
        continue
