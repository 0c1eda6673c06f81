#: number = 47
#: denied = "unshare files, unshare fs, unshare by close_range, close on exec by close_range"
attempt("unshare files", lambda: syscall("unshare", 0x400))
attempt("unshare fs", lambda: syscall("unshare", 0x200))
attempt("unshare by close_range", lambda: syscall("close_range", 50, 60, 2))
attempt("close on exec by close_range", lambda: syscall("close_range", 50, 60, 4))
