#: want = ["RUNTIME_ERROR"]
#: output = "42"
#: limits = { cpu_s = 1.0 }
import signal

print(42, flush=True)
signal.setitimer(signal.ITIMER_REAL, 0.01)
signal.pause()
