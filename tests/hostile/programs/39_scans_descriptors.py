#: number = 39
#: want = ["PASSED"]
#: output = "0 1 2 and 0 files, 0 sockets, at most one pipe"
import stat

kinds = {}
for fd in range(4096):
    try:
        kinds[fd] = os.fstat(fd).st_mode
    except OSError:
        pass
extra = [kinds[fd] for fd in kinds if fd > 2]
files = sum(stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISCHR(mode) for mode in extra)
sockets = sum(stat.S_ISSOCK(mode) for mode in extra)
standard = " ".join(str(fd) for fd in kinds if fd < 3)
rest = "at most one pipe" if len(extra) <= 1 else f"{len(extra)} descriptors {sorted(kinds)}"
print(f"{standard} and {files} files, {sockets} sockets, {rest}")
