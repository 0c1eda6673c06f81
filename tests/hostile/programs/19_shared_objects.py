#: number = 19
#: denied = "memfd, memfd_secret, shmget, msgget, semget, mq_open, shared_memory, semaphore"
import multiprocessing
from multiprocessing import shared_memory

attempt("memfd", lambda: os.memfd_create("shared"))
attempt("memfd_secret", lambda: syscall("memfd_secret", 0), "EPERM")
attempt("shmget", lambda: syscall("shmget", 0, 4096, 0o1600))
attempt("msgget", lambda: syscall("msgget", 0, 0o1600))
attempt("semget", lambda: syscall("semget", 0, 1, 0o1600))
attempt("mq_open", lambda: syscall("mq_open", ctypes.c_char_p(b"farm-queue"), 0o102, 0o600, 0))
attempt("shared_memory", lambda: shared_memory.SharedMemory(create=True, size=4096).unlink(), *READONLY)
attempt("semaphore", lambda: multiprocessing.Lock(), *READONLY)
