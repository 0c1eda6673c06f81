#: number = 19
#: want = ["MEMORY_LIMIT"]
#: limits = { cpu_s = 4.0, memory_bytes = 134217728 }
import mmap

kept = []
while True:
    area = mmap.mmap(-1, 8 << 20, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)
    for page in range(0, 8 << 20, 4096):
        area[page] = 1
    kept.append(area)
