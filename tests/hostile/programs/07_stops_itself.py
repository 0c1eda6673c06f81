#: number = 7
#: want = ["TIME_LIMIT"]
#: limit = "wall"
#: limits = { cpu_s = 0.5, wall_s = 0.6 }
import signal

os.kill(os.getpid(), signal.SIGSTOP)
print("went on")
