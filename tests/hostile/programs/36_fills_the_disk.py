#: number = 36
#: want = ["PASSED"]
#: output = "0 files, 0 directories, 0 sparse"
files = directories = sparse = 0
for folder in (".", "/tmp", "/dev/shm", "/var/tmp"):
    for number in range(5000):
        try:
            open(f"{folder}/farm-{number}", "x").close()
            files += 1
        except OSError:
            pass
    path = folder
    for _ in range(1000):
        path += "/deep"
        try:
            os.mkdir(path)
            directories += 1
        except OSError:
            break
    try:
        with open(f"{folder}/sparse", "wb") as file:
            file.truncate(1 << 40)
            sparse += 1
    except OSError:
        pass
print(f"{files} files, {directories} directories, {sparse} sparse")
