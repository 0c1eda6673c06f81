#: input = "3\n"
#: output = "0\n1\n2\n"
import io
import sys

buffer = io.BytesIO()
n = int(sys.stdin.buffer.readline())
for i in range(n):
    buffer.write(b"%d\n" % i)
sys.stdout.buffer.write(buffer.getvalue())
