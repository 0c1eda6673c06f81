#: denied = "sendto, sendmsg, sendmmsg with descriptor"
import array
import socket

known = facts()
pair = socket.socketpair()
files = array.array("i", [0])
attempt("sendto", lambda: pair[0].sendto(b"x", known["mailbox"]), *HIDDEN, "EISCONN", "EOPNOTSUPP")
attempt("sendmsg", lambda: pair[0].sendmsg([b"x"], [], 0, known["mailbox"]), *HIDDEN, "EISCONN", "EOPNOTSUPP")
rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)]
attempt("sendmmsg with descriptor", lambda: pair[0].sendmsg([b"x"], rights, 0, known["mailbox"]), *HIDDEN, "EISCONN", "EOPNOTSUPP")
