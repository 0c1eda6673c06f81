#: denied = "symlinked, double slash, proc root, proc cwd, dev shm"
known = facts()
base = os.path.dirname(os.__file__)
attempt("symlinked", lambda: os.open(base + "/../.." * 8 + known["canary"], os.O_RDONLY), *HIDDEN)
attempt("double slash", lambda: os.open("//" + known["canary"], os.O_RDONLY), *HIDDEN)
attempt("proc root", lambda: os.open("/proc/self/root" + known["canary"], os.O_RDONLY), *HIDDEN)
attempt("proc cwd", lambda: os.open("/proc/self/cwd/../../../.." + known["canary"], os.O_RDONLY), *HIDDEN)
attempt("dev shm", lambda: os.open("/dev/shm", os.O_RDONLY), *HIDDEN)
