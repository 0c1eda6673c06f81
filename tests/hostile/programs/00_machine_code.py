#: machine = "x86_64"
#: want = ["PASSED"]
#: output = "fork -1, getpid right"
# Raw `syscall` instructions in a page of our own: the filter sits in the kernel, not in a library.
import mmap


def run(number):
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(b"\xb8" + number.to_bytes(4, "little") + b"\x0f\x05\xc3")
    kept.append(page)
    return ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()


kept = []
print(f"fork {run(57)}, getpid {'right' if run(39) == os.getpid() else 'wrong'}")
