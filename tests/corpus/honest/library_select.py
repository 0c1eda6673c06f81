#: output = "1\n"
import os
import select

reader, writer = os.pipe()
os.write(writer, b"x")
print(len(select.select([reader], [], [], 1)[0]))
