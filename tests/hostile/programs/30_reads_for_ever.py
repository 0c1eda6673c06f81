#: number = 30
#: want = ["TIME_LIMIT"]
#: output = "42"
#: limits = { cpu_s = 0.4, wall_s = 3.0 }
print(42, flush=True)
while True:
    sys.stdin.read()
