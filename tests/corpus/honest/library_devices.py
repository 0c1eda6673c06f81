#: output = "True 0 4\n"
import os
import random

with open("/dev/null", "w") as null:
    print("nothing", file=null)
with open("/dev/urandom", "rb") as source:
    data = source.read(4)
print(0 <= random.SystemRandom().random() < 1, len(open("/dev/null").read()), len(data) and len(os.urandom(4)))
