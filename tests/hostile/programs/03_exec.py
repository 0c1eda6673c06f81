#: number = 3
#: denied = "execv, execve, execveat, execvp, spawn"
#: control = true
attempt("execv", lambda: os.execv("/bin/echo", ["echo", "ran"]))
attempt("execve", lambda: syscall("execve", ctypes.c_char_p(b"/bin/echo"), 0, 0))
attempt("execveat", lambda: syscall("execveat", 0, ctypes.c_char_p(b""), 0, 0, 0x1000))
attempt("execvp", lambda: os.execvp("python3", ["python3", "-c", "print('ran')"]), *HIDDEN)
attempt("spawn", lambda: os.spawnv(os.P_WAIT, "/bin/echo", ["echo", "ran"]))
