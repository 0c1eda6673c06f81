#: output = "1\n2\n"
from functools import partial

print = partial(print, flush=True)
print(1)
print(2)
