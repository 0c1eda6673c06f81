#: input = "5 10\n20 7\n"
#: output = "42\n"
import mmap

with mmap.mmap(0, 0, access=mmap.ACCESS_READ) as area:
    print(sum(map(int, area[:].split())))
