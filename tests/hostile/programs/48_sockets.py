#: number = 48
#: denied = "tcp, tcp6, udp, icmp, raw, unix, unix datagram, netlink, vsock, alg, packet, pair inet, high bits, bluetooth, xdp"
#: control = true
import socket

attempt("tcp", lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM))
attempt("tcp6", lambda: socket.socket(socket.AF_INET6, socket.SOCK_STREAM))
attempt("udp", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
attempt("icmp", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP))
attempt("raw", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
attempt("unix", lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
attempt("unix datagram", lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
attempt("netlink", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0))
attempt("vsock", lambda: socket.socket(40, socket.SOCK_STREAM))
attempt("alg", lambda: socket.socket(38, socket.SOCK_SEQPACKET))
attempt("packet", lambda: socket.socket(17, socket.SOCK_RAW))
attempt("pair inet", lambda: socket.socketpair(socket.AF_INET))
attempt("high bits", lambda: syscall("socketpair", (1 << 32) | 2, 1, 0, (ctypes.c_int * 2)()), "EPERM")
attempt("bluetooth", lambda: socket.socket(31, socket.SOCK_RAW))
attempt("xdp", lambda: socket.socket(44, socket.SOCK_RAW))
