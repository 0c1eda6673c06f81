#: number = 47
#: denied = "seccomp, seccomp log, prctl filter, prctl strict, ruleset, restrict, dumpable, fork after, socket after, passwd after"
import socket
import struct

allow = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", 1, ctypes.addressof(allow)))
attempt("seccomp", lambda: syscall("seccomp", 1, 0, program))
attempt("seccomp log", lambda: syscall("seccomp", 1, 2, program))
attempt("prctl filter", lambda: syscall("prctl", 22, 2, program, 0, 0))
attempt("prctl strict", lambda: syscall("prctl", 22, 1, 0, 0, 0))
attempt("ruleset", lambda: syscall("landlock_create_ruleset", 0, 0, 1))
attempt("restrict", lambda: syscall("landlock_restrict_self", 3, 0))
attempt("dumpable", lambda: syscall("prctl", 4, 1, 0, 0, 0))
attempt("fork after", os.fork)
attempt("socket after", socket.socket)
attempt("passwd after", lambda: os.open("/etc/passwd", os.O_RDONLY), *HIDDEN)
