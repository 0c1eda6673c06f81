#: number = 1
#: want = ["TIME_LIMIT"]
#: limits = { cpu_s = 0.5, wall_s = 2.0 }
while True:
    try:
        os.fork()
    except OSError:
        pass
