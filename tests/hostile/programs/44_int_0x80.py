#: number = 44
#: want = ["RUNTIME_ERROR"]
#: machine = "x86_64"
#: tokens = ["calling"]
#: without_tokens = ["answered"]
import mmap

page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")  # mov eax, 20 (getpid of the 32-bit table); int 0x80; ret
address = ctypes.addressof(ctypes.c_char.from_buffer(page))
print("calling", flush=True)
print("answered", ctypes.CFUNCTYPE(ctypes.c_int)(address)())
