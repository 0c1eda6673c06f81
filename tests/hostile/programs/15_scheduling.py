#: number = 15
#: denied = "nice up, nice down, setpriority, affinity, scheduler, param, ioprio, sched_setattr, setpgid"
attempt("nice up", lambda: os.nice(1))
attempt("nice down", lambda: os.nice(-5))
attempt("setpriority", lambda: os.setpriority(os.PRIO_PROCESS, 0, 1))
attempt("affinity", lambda: os.sched_setaffinity(0, {0}))
attempt("scheduler", lambda: os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0)))
attempt("param", lambda: os.sched_setparam(0, os.sched_param(0)))
attempt("ioprio", lambda: syscall("ioprio_set", 1, 0, 2 << 13))
attempt("sched_setattr", lambda: syscall("sched_setattr", 0, 0, 0))
attempt("setpgid", lambda: os.setpgid(0, 0))
