#: denied = "datagram pair, datagram pair with flags, datagram pair with high bits"
# A datagram pair reaches any datagram socket of the host that has a path (a log daemon, say): sendto needs no connect,
# and Landlock does not look at it. So there must be no such pair.
import socket

known = facts()


def datagram(kind):
    pair = (ctypes.c_int * 2)()
    syscall("socketpair", socket.AF_UNIX, kind, 0, pair)
    return socket.socket(fileno=pair[0]).sendto(b"from inside", known["mailbox"])


attempt("datagram pair", lambda: datagram(socket.SOCK_DGRAM))
attempt("datagram pair with flags", lambda: datagram(socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC))
attempt("datagram pair with high bits", lambda: datagram(socket.SOCK_DGRAM | 1 << 32))
