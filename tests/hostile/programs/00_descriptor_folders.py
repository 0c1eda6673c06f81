#: denied = "proc self fd, dev fd, fdinfo, task, reopen input, reopen by dev fd"
attempt("proc self fd", lambda: os.listdir("/proc/self/fd"), *HIDDEN)
attempt("dev fd", lambda: os.listdir("/dev/fd"), *HIDDEN)
attempt("fdinfo", lambda: os.listdir("/proc/self/fdinfo"), *HIDDEN)
attempt("task", lambda: os.listdir("/proc/self/task"), *HIDDEN)
attempt("reopen input", lambda: os.open("/proc/self/fd/0", os.O_RDWR), *HIDDEN)
attempt("reopen by dev fd", lambda: os.open("/dev/fd/0", os.O_RDWR), *HIDDEN)
