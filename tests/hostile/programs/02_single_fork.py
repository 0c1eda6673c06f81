#: number = 2
#: denied = "fork, raw fork, forkpty, clone, posix_spawn"
#: control = true
def reaped(pid):
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return pid


attempt("fork", lambda: reaped(os.fork()))
attempt("raw fork", lambda: reaped(syscall("fork")))
attempt("forkpty", os.forkpty, *HIDDEN)
attempt("clone", lambda: reaped(syscall("clone", 17)))  # SIGCHLD alone: a process, not a thread
attempt("posix_spawn", lambda: os.posix_spawn("/bin/true", ["true"], {}))
