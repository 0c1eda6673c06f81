#: want = ["PASSED"]
#: output = "0 variables, no canary"
# What the kernel put on the stack at exec is not cleared by os.environ.clear(): it must hold no secret either.
import re

block = ctypes.POINTER(ctypes.c_char_p).in_dll(_LIBC, "environ")
count = 0
while block and block[count]:
    count += 1
address = ctypes.c_void_p.in_dll(_LIBC, "__libc_stack_end").value
text = b""
reader, writer = os.pipe()
try:
    while len(text) < 1 << 20:
        os.write(writer, (ctypes.c_char * 256).from_address(address))  # EFAULT where the stack ends
        text += os.read(reader, 256)
        address += 256
except OSError:
    pass
found = re.findall(rb"CANARY" + rb"-[0-9a-f]{32}|FARM_[A-Z]+", text)
print(f"{count} variables, {'no canary' if not found else found}" if len(text) > 255 else "nothing was read")
