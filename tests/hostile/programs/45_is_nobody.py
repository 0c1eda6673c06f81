#: number = 45
#: want = ["PASSED"]
#: output = "not root, no capability"
import os

data = (ctypes.c_uint32 * 6)()
header = (ctypes.c_uint32 * 2)(0x20080522, 0)
_LIBC.capget(header, data)
root = "root" if 0 in (*os.getresuid(), *os.getresgid()) or 0 in os.getgroups() else "not root"
print(f"{root}, {'capabilities ' + str(list(data)) if data[0] or data[1] else 'no capability'}")
