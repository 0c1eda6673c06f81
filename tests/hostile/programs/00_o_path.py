#: denied = "read, proc link, open below, fchdir then open, execveat, fchmodat, linkat"
# A handle made with O_PATH needs no right to the file; it must give none either.
known = facts()
name = os.path.basename(known["canary"])


def folder():
    return os.open(known["folder"], os.O_PATH | os.O_DIRECTORY)


def canary():
    return os.open(known["canary"], os.O_PATH)


def after_fchdir():
    os.fchdir(folder())
    return os.open(name, os.O_RDONLY)


def linked():
    return os.link(name, "linked", src_dir_fd=folder(), dst_dir_fd=folder())


attempt("read", lambda: os.read(canary(), 10), "EBADF", *HIDDEN)
attempt("proc link", lambda: os.open(f"/proc/self/fd/{canary()}", os.O_RDONLY), *HIDDEN)
attempt("open below", lambda: os.open(name, os.O_RDONLY, dir_fd=folder()), *HIDDEN)
attempt("fchdir then open", after_fchdir, *HIDDEN)
attempt("execveat", lambda: syscall("execveat", canary(), ctypes.c_char_p(b""), 0, 0, 0x1000), *HIDDEN)
attempt("fchmodat", lambda: os.chmod(name, 0o600, dir_fd=folder()), *HIDDEN)
attempt("linkat", linked, *READONLY)
