#: number = 48
#: denied = "send buffer, receive buffer, filter, bpf, lock"
import socket

one, _ = socket.socketpair()
attempt("send buffer", lambda: one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 24))
attempt("receive buffer", lambda: one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24))
attempt("filter", lambda: one.setsockopt(socket.SOL_SOCKET, 26, bytes(16)))
attempt("bpf", lambda: one.setsockopt(socket.SOL_SOCKET, 50, 0))
attempt("lock", lambda: one.setsockopt(socket.SOL_SOCKET, 44, 1))
