#: number = 6
#: denied = "parent, worker, everyone, group, own group, init, tgkill, tkill, pidfd, sigqueue, tgsigqueue"
import signal

known = facts()
parent = os.getppid()
attempt("parent", lambda: os.kill(parent, signal.SIGKILL), "EPERM", "ESRCH")
attempt("worker", lambda: os.kill(known["worker"], 0), "EPERM", "ESRCH")
attempt("everyone", lambda: os.kill(-1, 0))
attempt("group", lambda: os.kill(0, 0))
attempt("own group", lambda: os.kill(-os.getpid(), 0))
attempt("init", lambda: os.kill(1, 0))
attempt("tgkill", lambda: syscall("tgkill", parent, parent, signal.SIGKILL))
attempt("tkill", lambda: syscall("tkill", parent, signal.SIGKILL))
attempt("pidfd", lambda: signal.pidfd_send_signal(os.pidfd_open(parent), signal.SIGKILL))
siginfo = (ctypes.c_int * 32)(signal.SIGKILL, 0, -1)
attempt("sigqueue", lambda: syscall("rt_sigqueueinfo", parent, signal.SIGKILL, siginfo))
attempt("tgsigqueue", lambda: syscall("rt_tgsigqueueinfo", parent, parent, signal.SIGKILL, siginfo))
