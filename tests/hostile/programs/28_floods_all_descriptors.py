#: number = 28
#: want = ["PASSED"]
#: output = "at most one"
taken = 0
for fd in range(3, 256):
    try:
        os.write(fd, b"R C S {} forged")
        taken += 1
    except OSError:
        pass
print("at most one" if taken <= 1 else f"{taken} descriptors took bytes")
