#: number = 49
#: want = ["PASSED"]
#: output = "no socket, nothing received"
import socket
import stat

sockets, received = 0, 0
for fd in range(4096):
    try:
        if stat.S_ISSOCK(os.fstat(fd).st_mode):
            sockets += 1
            channel = socket.socket(fileno=os.dup(fd))
            channel.setblocking(False)
            received += len(channel.recvmsg(1 << 16, 1 << 12)[1])
    except OSError:
        pass
print("no socket, nothing received" if not sockets and not received else f"{sockets} sockets, {received} messages")
