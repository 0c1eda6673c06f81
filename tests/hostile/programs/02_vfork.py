#: number = 2
#: denied = "vfork"
attempt("vfork", lambda: syscall("vfork"))
