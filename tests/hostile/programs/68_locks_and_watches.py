#: number = 68
#: denied = "flock, setlk, ofd lock, lease, notify, inotify, inotify watch, fanotify, pipe size"
import fcntl
import struct

library = library_file()
region = struct.pack("hhqqi", fcntl.F_RDLCK, 0, 0, 0, 0)
attempt("flock", lambda: fcntl.flock(library, fcntl.LOCK_SH | fcntl.LOCK_NB))
attempt("setlk", lambda: fcntl.fcntl(library, fcntl.F_SETLK, region))
attempt("ofd lock", lambda: fcntl.fcntl(library, fcntl.F_OFD_SETLK, region))
attempt("lease", lambda: fcntl.fcntl(library, fcntl.F_SETLEASE, fcntl.F_RDLCK))
attempt("notify", lambda: fcntl.fcntl(library, fcntl.F_NOTIFY, 1))
attempt("inotify", lambda: syscall("inotify_init1", 0))
attempt("inotify watch", lambda: syscall("inotify_add_watch", 0, ctypes.c_char_p(b"."), 2))
attempt("fanotify", lambda: syscall("fanotify_init", 0, 0))
attempt("pipe size", lambda: fcntl.fcntl(os.pipe()[0], 1031, 1 << 20))
