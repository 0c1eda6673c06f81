#: number = 33
#: denied = "environ, cmdline, maps, mem, fd, cwd, root, worker environ, worker cmdline, worker fd, init environ, mountinfo"
known = facts()


def read(path):
    with open(path, "rb") as file:
        if not (data := file.read(100)):
            raise FileNotFoundError(errno.ENOENT, "empty")
        return data


parent = f"/proc/{os.getppid()}/"
worker = f"/proc/{known['worker']}/"
for name in ("environ", "cmdline", "maps", "mem"):
    attempt(name, lambda name=name: read(parent + name), *HIDDEN)
attempt("fd", lambda: os.listdir(parent + "fd"), *HIDDEN)
attempt("cwd", lambda: os.readlink(parent + "cwd"), *HIDDEN)
attempt("root", lambda: os.listdir(parent + "root/"), *HIDDEN)
attempt("worker environ", lambda: read(worker + "environ"), *HIDDEN)
attempt("worker cmdline", lambda: read(worker + "cmdline"), *HIDDEN)
attempt("worker fd", lambda: os.listdir(worker + "fd"), *HIDDEN)
attempt("init environ", lambda: read("/proc/1/environ"), *HIDDEN)
attempt("mountinfo", lambda: read("/proc/self/mountinfo"), *HIDDEN)
