#: want = ["RUNTIME_ERROR", "TIME_LIMIT"]
#: output = "42"
import signal

print(42, flush=True)
os.kill(os.getpid(), signal.SIGXCPU)
