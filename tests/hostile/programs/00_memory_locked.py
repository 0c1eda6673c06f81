#: denied = "mlockall, mlock"
area = ctypes.create_string_buffer(1 << 20)


def lock():
    ctypes.set_errno(0)
    if _LIBC.mlock(area, 1 << 20) == -1:
        raise OSError(ctypes.get_errno(), "mlock")


attempt("mlockall", lambda: syscall("mlockall", 3), "EPERM", "ENOMEM")
attempt("mlock", lock, "EPERM", "ENOMEM")
