#: denied = "sendfile passwd, sendfile source, copy_file_range, splice, library is readable only, vmsplice"
known = facts()


def opened(path, then):
    fd = os.open(path, os.O_RDONLY)
    return then(fd)


vector = (ctypes.c_void_p * 2)(id(known), 1)
attempt("sendfile passwd", lambda: opened("/etc/passwd", lambda fd: os.sendfile(1, fd, 0, 100)), *HIDDEN)
attempt("sendfile source", lambda: opened(known["source"], lambda fd: os.sendfile(1, fd, 0, 100)), *HIDDEN)
attempt("copy_file_range", lambda: opened(known["canary"], lambda fd: os.copy_file_range(fd, 1, 100)), *HIDDEN)
attempt("splice", lambda: os.splice(0, 1, 10, offset_src=0))
attempt("library is readable only", lambda: os.open(os.__file__, os.O_RDWR), *READONLY)
attempt("vmsplice", lambda: syscall("vmsplice", 1, vector, 1, 0))
