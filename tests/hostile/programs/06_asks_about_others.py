#: number = 6
#: denied = "session, group, priority, io priority, scheduler, parameters, attributes, affinity, interval"
parent = os.getppid()
room = ctypes.create_string_buffer(256)
attempt("session", lambda: syscall("getsid", parent))
attempt("group", lambda: syscall("getpgid", parent))
attempt("priority", lambda: syscall("getpriority", 0, parent))
attempt("io priority", lambda: syscall("ioprio_get", 1, parent))
attempt("scheduler", lambda: syscall("sched_getscheduler", parent))
attempt("parameters", lambda: syscall("sched_getparam", parent, room))
attempt("attributes", lambda: syscall("sched_getattr", parent, room, 48, 0))
attempt("affinity", lambda: syscall("sched_getaffinity", parent, 256, room))
attempt("interval", lambda: syscall("sched_rr_get_interval", parent, room))
