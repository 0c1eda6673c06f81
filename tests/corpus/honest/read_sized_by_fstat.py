#: input = { repeat = "1 ", times = 100000, suffix = "\n" }
#: output = "100000 200001\n"
import io
import os

size = os.fstat(0).st_size
data = io.BytesIO(os.read(0, size))
print(sum(map(int, data.read().split())), size)
