#: want = ["PASSED"]
#: output = "as expected"
# What is denied about others stays allowed about oneself: numpy, asyncio and os.cpu_count ask for it.
import asyncio

assert os.getsid(0) == os.getsid(os.getpid()) == os.getpid()
assert os.getpgid(0) == os.getpid()
assert os.sched_getscheduler(0) >= 0
assert len(os.sched_getaffinity(os.getpid())) >= 1
assert os.getpriority(os.PRIO_PROCESS, 0) in range(-20, 20)
os.closerange(20, 40)
print(asyncio.run(asyncio.sleep(0, "as expected")))
