#: output = { repeat = "tick\n", times = 2000 }
for _ in range(2000):
    print("tick", flush=True)
