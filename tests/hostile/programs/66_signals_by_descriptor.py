#: number = 66
#: denied = "setown, setsig, setown ex, fioasync, siocspgrp, fiosetown, setown high bits, signal io"
import fcntl

reader, writer = os.pipe()
parent = os.getppid()
attempt("setown", lambda: fcntl.fcntl(reader, fcntl.F_SETOWN, parent))
attempt("setsig", lambda: fcntl.fcntl(reader, fcntl.F_SETSIG, 9))
attempt("setown ex", lambda: syscall("fcntl", reader, 15, (ctypes.c_int * 2)(1, parent)))
attempt("fioasync", lambda: syscall("ioctl", reader, 0x5452, (ctypes.c_int * 1)(1)))
attempt("siocspgrp", lambda: syscall("ioctl", reader, 0x8902, (ctypes.c_int * 1)(parent)))
attempt("fiosetown", lambda: syscall("ioctl", reader, 0x8901, (ctypes.c_int * 1)(parent)))
attempt("setown high bits", lambda: syscall("fcntl", reader, (1 << 32) | fcntl.F_SETOWN, parent))
attempt("signal io", lambda: syscall("ioctl", reader, (1 << 32) | 0x5452, (ctypes.c_int * 1)(1)))
os.write(writer, b"x")
