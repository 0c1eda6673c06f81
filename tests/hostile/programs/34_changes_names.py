#: number = 34
#: denied = "unlink, rename, rename in, link, symlink, mkfifo, rmdir, exchange"
known = facts()
canary, folder = known["canary"], known["folder"]
attempt("unlink", lambda: os.unlink(canary), *READONLY)
attempt("rename", lambda: os.rename(canary, canary + ".moved"), *READONLY)
attempt("rename in", lambda: os.rename(canary, "mine"), *READONLY, "EXDEV")
attempt("link", lambda: os.link(canary, folder + "/linked"), *READONLY)
attempt("symlink", lambda: os.symlink("/etc/passwd", folder + "/linked"), *READONLY)
attempt("mkfifo", lambda: os.mkfifo(folder + "/fifo"), *READONLY)
attempt("rmdir", lambda: os.rmdir(folder), *READONLY, "ENOTEMPTY")
attempt("exchange", lambda: os.replace(canary, folder + "/other"), *READONLY)
