#: input = "3\n1 2\n3 4\n5 6\n"
#: output = "3\n7\n11\n"
# The fast streams of contest templates: objects over descriptors in place of sys.stdin and sys.stdout, of which the
# second is flushed only because an interpreter flushes sys.stdout when it ends.
import io
import os
import sys


class Lines:
    def __init__(self, fd):
        self.lines = io.BytesIO(os.read(fd, max(os.fstat(fd).st_size, 8192)))

    def readline(self):
        return self.lines.readline().decode("ascii")


class Collected:
    def __init__(self, fd):
        self.fd, self.parts = fd, []

    def write(self, text):
        self.parts.append(text)

    def flush(self):
        parts, self.parts = self.parts, []
        os.write(self.fd, "".join(parts).encode("ascii"))


sys.stdin, sys.stdout = Lines(sys.stdin.fileno()), Collected(sys.stdout.fileno())
input = lambda: sys.stdin.readline().rstrip("\r\n")
for _ in range(int(input())):
    print(sum(map(int, input().split())))
