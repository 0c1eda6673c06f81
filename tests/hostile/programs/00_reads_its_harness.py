#: want = ["PASSED"]
#: output = "no file of the harness opens"
opened = []
frames = []
frame = sys._getframe().f_back
while frame is not None:
    frames.append(frame)
    frame = frame.f_back
for frame in frames:
    path = frame.f_code.co_filename
    try:
        with open(path, "a"):
            opened.append(f"{path} for writing")
    except OSError:
        pass
print(*opened or ["no file of the harness opens"], sep="\n")
