#: output = "True True\n"
import os

print(os.path.expanduser("~/x").endswith("x"), os.getpid() > 0 and os.getuid() >= 0)
