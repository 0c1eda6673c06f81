#: number = 31
#: denied = "tty, console, proc fd, push a character, terminal size, ptmx"
import fcntl


def reopened():
    """The own pipe may be opened again, but it is no terminal."""
    fd = os.open("/proc/self/fd/1", os.O_WRONLY)
    if os.path.sameopenfile(fd, 1) and not os.isatty(fd):
        raise PermissionError(errno.EPERM, "the same pipe")
    return fd


attempt("tty", lambda: os.open("/dev/tty", os.O_RDWR), *HIDDEN, "ENXIO")
attempt("console", lambda: os.open("/dev/console", os.O_RDWR), *HIDDEN, "ENXIO")
attempt("proc fd", reopened, *HIDDEN)
attempt("push a character", lambda: fcntl.ioctl(0, 0x5412, b"x"), "EPERM")
attempt("terminal size", lambda: os.get_terminal_size(0), "ENOTTY", "EPERM", "EINVAL")
attempt("ptmx", lambda: os.open("/dev/ptmx", os.O_RDWR), *HIDDEN)
