#: want = ["PASSED", "MEMORY_LIMIT", "RUNTIME_ERROR"]
#: output = "bounded"
# Pipe buffers are kernel memory: few descriptors and no F_SETPIPE_SZ keep them small.
total = 0
try:
    while True:
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        while True:
            try:
                total += os.write(writer, b"x" * 65536)
            except BlockingIOError:
                break
except OSError:
    pass
print("bounded" if total <= 64 << 20 else total)
