#: number = 43
#: want = ["PASSED"]
#: output = "none allowed"
# All arguments are -1: were a call let through, it would answer EINVAL, EBADF or EFAULT and change nothing.
allowed = []
for name, number in DENIED_CALLS.items():
    if number == "-":
        continue
    if (answer := answer_of(lambda name=name: syscall(name, -1, -1, -1, -1, -1, -1))) != "EPERM":
        allowed.append(f"{name}: {answer}")
print(*allowed or ["none allowed"], sep="\n")
