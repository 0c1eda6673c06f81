#: number = 58
#: denied = "flock input, flock library, keyring, shm, named memory, semaphore, abstract socket, lock file"
import fcntl
import multiprocessing
import socket
from multiprocessing import shared_memory

attempt("flock input", lambda: fcntl.flock(0, fcntl.LOCK_EX | fcntl.LOCK_NB))
attempt("flock library", lambda: fcntl.flock(library_file(), fcntl.LOCK_SH | fcntl.LOCK_NB))
attempt("keyring", lambda: syscall("keyctl", 0, -5, 0))
attempt("shm", lambda: os.open("/dev/shm/farm-hostile", os.O_CREAT | os.O_RDWR), *READONLY)
attempt("named memory", lambda: shared_memory.SharedMemory("farm-hostile", create=True, size=1), *READONLY)
attempt("semaphore", lambda: multiprocessing.Semaphore(), *READONLY)
attempt("abstract socket", lambda: socket.socket(socket.AF_UNIX).bind("\0farm-hostile"))
attempt("lock file", lambda: fcntl.lockf(0, fcntl.LOCK_SH | fcntl.LOCK_NB))
