#: number = 45
#: want = ["PASSED"]
#: output = "not root, no capability"
import os

data = (ctypes.c_uint32 * 6)()
header = (ctypes.c_uint32 * 2)(0x20080522, 0)
_LIBC.capget(header, data)
groups = {*os.getresgid(), *os.getgroups()}
groups -= {facts()["group"]}  # the worker's own, where it has no right to change it
root = "root" if 0 in os.getresuid() or 0 in groups else "not root"
print(f"{root}, {'capabilities ' + str(list(data)) if data[0] or data[1] else 'no capability'}")
