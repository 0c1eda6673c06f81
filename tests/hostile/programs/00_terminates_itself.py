#: want = ["RUNTIME_ERROR"]
#: output = "42"
import signal

print(42, flush=True)
os.kill(os.getpid(), signal.SIGTERM)
