#: number = 33
#: denied = "root, proc, dev, tmp, home, sys, etc, run, canary folder"
#: control = true
known = facts()


def listing(path):
    names = os.listdir(path)
    if not names:
        raise FileNotFoundError(errno.ENOENT, "empty")
    return names


for label, path in {
    "root": "/", "proc": "/proc", "dev": "/dev", "tmp": "/tmp", "home": "/home", "sys": "/sys", "etc": "/etc", "run": "/run",
    "canary folder": known["folder"],
}.items():
    attempt(label, lambda path=path: listing(path), *HIDDEN)
