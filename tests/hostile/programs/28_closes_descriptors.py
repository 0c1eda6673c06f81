#: number = 28
#: want = ["RUNTIME_ERROR", "WRONG_ANSWER"]
#: output = "42"
for fd in (0, 1, 2):
    os.close(fd)
print(42, flush=True)
