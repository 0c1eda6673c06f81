#: number = 34
#: denied = "tmp, var tmp, shm, cwd, home, canary, canary append, canary folder, temporary file, o_tmpfile, mkdir, library, null by name"
known = facts()
import tempfile


def write(path, mode="w"):
    with open(path, mode) as file:
        file.write("written")
    os.unlink(path)


attempt("tmp", lambda: write("/tmp/farm-hostile"), *READONLY)
attempt("var tmp", lambda: write("/var/tmp/farm-hostile"), *READONLY)
attempt("shm", lambda: write("/dev/shm/farm-hostile"), *READONLY)
attempt("cwd", lambda: write("farm-hostile"), *READONLY)
attempt("home", lambda: write(os.path.expanduser("~/farm-hostile")), *READONLY)
attempt("canary", lambda: write(known["canary"]), *READONLY)
attempt("canary append", lambda: write(known["canary"], "a"), *READONLY)
attempt("canary folder", lambda: write(known["folder"] + "/new"), *READONLY)
attempt("temporary file", lambda: tempfile.TemporaryFile().close(), *READONLY)
attempt("o_tmpfile", lambda: os.open(".", os.O_TMPFILE | os.O_RDWR), *READONLY, "EISDIR", "EOPNOTSUPP")
attempt("mkdir", lambda: os.mkdir("inner"), *READONLY)
attempt("library", lambda: write(os.__file__, "a"), *READONLY)
attempt("null by name", lambda: write("/dev/null2"), *READONLY)
