#: want = ["PASSED", "MEMORY_LIMIT", "RUNTIME_ERROR"]
#: output = "bounded"
# Sockets that are sent through sockets and closed stay in the kernel, with all their data.
import array
import socket

total = 0
try:
    for _ in range(5000):
        outer, inner = socket.socketpair(), socket.socketpair()
        inner[0].setblocking(False)
        while True:
            try:
                total += inner[0].send(b"x" * 65536)
            except BlockingIOError:
                break
        rights = array.array("i", [inner[0].fileno(), inner[1].fileno()])
        outer[0].sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        for end in inner:
            end.close()
        kept = globals().setdefault("kept", [])
        kept.append(outer)
except OSError:
    pass
print("bounded" if total <= 64 << 20 else total)
