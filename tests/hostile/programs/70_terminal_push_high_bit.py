#: number = 70
#: denied = "plain, bit 32, bit 63, sign extended, linux console"
def push(request):
    return syscall("ioctl", 0, request, ctypes.c_char_p(b"x"))


attempt("plain", lambda: push(0x5412))
attempt("bit 32", lambda: push(0x5412 | 1 << 32))
attempt("bit 63", lambda: push((0x5412 | 1 << 63) - (1 << 64)))
attempt("sign extended", lambda: push(0x5412 | 0x7FFFFFFF << 32))
attempt("linux console", lambda: push(0x541C | 1 << 40))
