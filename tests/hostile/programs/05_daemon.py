#: number = 5
#: denied = "double fork, daemon, setsid, clone with parent"
#: control = true
def double_fork():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os._exit(0)
        os._exit(0)


def daemon():
    ctypes.set_errno(0)
    if _LIBC.daemon(1, 1) == -1:
        raise OSError(ctypes.get_errno(), "daemon")


def clone_parent():
    if syscall("clone", 0x8000 | 17, 0, 0, 0, 0) == 0:
        os._exit(0)


attempt("double fork", double_fork)
attempt("daemon", daemon)
attempt("setsid", os.setsid)
attempt("clone with parent", clone_parent)
