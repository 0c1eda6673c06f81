#: number = 20
#: want = ["TIME_LIMIT"]
#: limits = { cpu_s = 0.5, wall_s = 4.0 }
base = 9
print(len(str(base ** base ** base)))
