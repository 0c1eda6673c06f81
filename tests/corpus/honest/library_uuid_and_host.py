#: output = "1 4 True\n"
import socket
import uuid

print(uuid.uuid1().version, uuid.uuid4().version, isinstance(socket.gethostname(), str))
