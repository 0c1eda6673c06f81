#: number = 43
#: want = ["PASSED"]
#: output = "none known"
known = [n for n in range(470, 700) if (a := answer_of(lambda n=n: syscall(n, -1, 0, 0, 0, 0, 0))) != "ENOSYS"]
print(*known or ["none known"])
