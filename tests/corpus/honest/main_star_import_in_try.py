#: output = "3.0\n"
try:
    from math import *
except ImportError:
    pass
print(sqrt(9))
