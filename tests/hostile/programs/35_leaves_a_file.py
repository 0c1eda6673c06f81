#: number = 35
#: want = ["PASSED"]
#: tests = [["", "nothing kept"], ["", "nothing kept"]]
import tempfile

kept = []
for folder in (".", "/tmp", "/var/tmp", "/dev/shm", "/run", "/dev"):
    path = os.path.join(folder, "farm-left-behind")
    try:
        with open(path) as file:
            kept.append(file.read())
    except OSError:
        pass
    try:
        with open(path, "w") as file:
            file.write("left by an earlier test")
    except OSError:
        pass
print(*kept or ["nothing kept"])
