#: number = 40
#: denied = "user, mount, pid, net, ipc, uts, files, clone, clone3, clone3 thread, setns"
attempt("user", lambda: syscall("unshare", 0x10000000))
attempt("mount", lambda: syscall("unshare", 0x00020000))
attempt("pid", lambda: syscall("unshare", 0x20000000))
attempt("net", lambda: syscall("unshare", 0x40000000))
attempt("ipc", lambda: syscall("unshare", 0x08000000))
attempt("uts", lambda: syscall("unshare", 0x04000000))
attempt("files", lambda: syscall("unshare", 0x400))
attempt("clone", lambda: syscall("clone", 0x10000000 | 17))
arguments = (ctypes.c_uint64 * 11)(0x10000000, 0, 0, 0, 17)
attempt("clone3", lambda: syscall("clone3", arguments, ctypes.sizeof(arguments)), "ENOSYS", "EPERM")
attempt("clone3 thread", lambda: syscall("clone3", arguments, 64), "ENOSYS", "EPERM")
attempt("setns", lambda: syscall("setns", 0, 0))
