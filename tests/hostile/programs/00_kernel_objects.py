#: want = ["PASSED"]
#: output = "bounded"
#: limits = { cpu_s = 10.0 }
# Timers, epolls and event descriptors: each is bounded by a limit of the child.
import select

timers = 0
timer = ctypes.c_int()
number = 222 if os.uname().machine == "x86_64" else 107
try:
    while timers < 500000:
        syscall(number, 1, 0, ctypes.byref(timer))
        timers += 1
except OSError:
    pass
files = []
try:
    while len(files) < 5000:
        files.append(select.epoll())
except OSError:
    pass
print("bounded" if timers < 500000 and len(files) < 5000 else f"{timers} timers, {len(files)} epolls")
