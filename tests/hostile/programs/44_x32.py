#: number = 44
#: machine = "x86_64"
#: denied = "getpid, write, socket, execve"
X32 = 0x40000000
attempt("getpid", lambda: syscall(X32 + 39), "EPERM", "ENOSYS")
attempt("write", lambda: syscall(X32 + 1, 1, ctypes.c_char_p(b"written"), 7), "EPERM", "ENOSYS")
attempt("socket", lambda: syscall(X32 + 41, 2, 1, 0), "EPERM", "ENOSYS")
attempt("execve", lambda: syscall(X32 + 520, 0, 0, 0), "EPERM", "ENOSYS")
