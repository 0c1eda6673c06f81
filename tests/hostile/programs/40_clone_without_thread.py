#: number = 40
#: denied = "vm, vm and files, sighand, parent, vfork, high bits"
attempt("vm", lambda: syscall("clone", 0x100 | 17))
attempt("vm and files", lambda: syscall("clone", 0x100 | 0x200 | 0x400 | 17))
attempt("sighand", lambda: syscall("clone", 0x100 | 0x800 | 17))
attempt("parent", lambda: syscall("clone", 0x8000 | 17))
attempt("vfork", lambda: syscall("clone", 0x4000 | 17))
attempt("high bits", lambda: syscall("clone", (0x10000 << 32) | 17))  # CLONE_THREAD where nobody looks
