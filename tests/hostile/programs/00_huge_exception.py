#: want = ["RUNTIME_ERROR"]
#: limits = { cpu_s = 4.0 }
raise ValueError("x" * (32 << 20))
