#: number = 21
#: denied = "cpu, address space, files, core, processes, lower cpu, parent"
import struct

CPU, CORE, PROCESSES, FILES, SPACE = 0, 4, 6, 7, 9
boundless = ctypes.create_string_buffer(struct.pack("QQ", 2**64 - 1, 2**64 - 1))
one = ctypes.create_string_buffer(struct.pack("QQ", 1, 1))
parent = os.getppid()
attempt("cpu", lambda: syscall("prlimit64", 0, CPU, boundless, 0))
attempt("address space", lambda: syscall("setrlimit", SPACE, boundless))
attempt("files", lambda: syscall("setrlimit", FILES, boundless))
attempt("core", lambda: syscall("prlimit64", 0, CORE, boundless, 0))
attempt("processes", lambda: syscall("prlimit64", 0, PROCESSES, boundless, 0))
attempt("lower cpu", lambda: syscall("prlimit64", os.getpid(), CPU, one, 0))
attempt("parent", lambda: syscall("prlimit64", parent, CPU, one, 0), "EPERM", "ESRCH")
