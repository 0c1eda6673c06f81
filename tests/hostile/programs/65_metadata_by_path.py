#: number = 65
#: denied = "chmod, chmod source, chown, utime, setxattr, removexattr, truncate, chmod by handle, fchmod, utime source, futimens, lchown"
known = facts()
canary = known["canary"]
library = library_file()
attempt("chmod", lambda: os.chmod(canary, 0o600), *HIDDEN)
attempt("chmod source", lambda: os.chmod(known["source"], 0o644), *HIDDEN)
attempt("chown", lambda: os.chown(canary, -1, -1), *HIDDEN)
attempt("utime", lambda: os.utime(canary, (1, 1)), *HIDDEN)
attempt("setxattr", lambda: os.setxattr(canary, "user.farm", b"x"), *HIDDEN)
attempt("removexattr", lambda: os.removexattr(canary, "user.farm"), *HIDDEN)
attempt("truncate", lambda: os.truncate(canary, 0), *HIDDEN)
attempt("chmod by handle", lambda: os.chmod(f"/proc/self/fd/{os.open(canary, os.O_PATH)}", 0o600), *HIDDEN)
attempt("fchmod", lambda: os.fchmod(library, 0o644))
attempt("utime source", lambda: os.utime(known["source"]), *HIDDEN)
attempt("futimens", lambda: os.utime(library))
attempt("lchown", lambda: os.lchown(canary, -1, -1), *HIDDEN)
