#: number = 25
#: want = ["PASSED"]
#: output = { repeat = "0123456789abcde\n", times = 2000000 }
#: limits = { cpu_s = 4.0 }
for _ in range(200):
    sys.stdout.write("0123456789abcde\n" * 10000)
