#: number = 67
#: want = ["TIME_LIMIT"]
#: limit = "wall"
#: limits = { cpu_s = 0.5, wall_s = 0.6 }
#: tokens = ["pdeathsig: DENIED", "high bits: DENIED"]
import time

attempt("pdeathsig", lambda: syscall("prctl", 1, 0, 0, 0, 0))
attempt("high bits", lambda: syscall("prctl", (1 << 32) | 1, 0, 0, 0, 0))
time.sleep(1000)
