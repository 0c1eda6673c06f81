#: denied = "write, truncate, allocate, map, seal, punch"
import fcntl
import mmap

attempt("write", lambda: os.write(0, b"forged"), "EBADF", "EPERM")
attempt("truncate", lambda: os.ftruncate(0, 0), "EINVAL", "EPERM", "EBADF")
attempt("allocate", lambda: os.posix_fallocate(0, 0, 1 << 20), "EBADF", "EPERM")
attempt("map", lambda: mmap.mmap(0, 1, prot=mmap.PROT_WRITE, flags=mmap.MAP_SHARED), "EACCES", "EPERM")
attempt("seal", lambda: fcntl.fcntl(0, 1033, 0x10), "EPERM", "EBADF")
attempt("punch", lambda: syscall("fallocate", 0, 3, 0, 1), "EBADF", "EPERM")
