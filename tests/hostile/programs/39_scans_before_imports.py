#: number = 39
#: prelude = false
#: want = ["PASSED"]
#: output = "0 1 2"
import os

held = []
for fd in range(1024):
    try:
        os.lseek(fd, 0, os.SEEK_CUR)
        held.append(fd)
    except OSError as error:
        if error.errno == 29 and fd < 3:  # ESPIPE: stdout and stderr are pipes
            held.append(fd)
print(*held)
