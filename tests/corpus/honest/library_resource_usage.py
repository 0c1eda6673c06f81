#: output = "True True\n"
import resource
import time

print(resource.getrusage(resource.RUSAGE_SELF).ru_utime >= 0, time.process_time() >= 0)
