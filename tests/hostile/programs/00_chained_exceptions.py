#: want = ["RUNTIME_ERROR", "TIME_LIMIT", "MEMORY_LIMIT"]
#: limits = { cpu_s = 2.0, wall_s = 6.0 }
error = None
for number in range(20000):
    link = ValueError(number)
    link.__context__ = error
    error = link
raise error
