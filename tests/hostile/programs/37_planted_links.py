#: number = 37
#: denied = "symlink, hardlink, fifo, device, block device, socket file"
known = facts()
attempt("symlink", lambda: os.symlink("/etc/passwd", "output.txt"), *READONLY)
attempt("hardlink", lambda: os.link(known["canary"], "output.txt"), *READONLY, "EXDEV")
attempt("fifo", lambda: os.mkfifo("output.txt"), *READONLY)
attempt("device", lambda: os.mknod("output.txt", 0o020666, os.makedev(1, 3)), *READONLY)
attempt("block device", lambda: os.mknod("disk", 0o060666, os.makedev(8, 0)), *READONLY)
attempt("socket file", lambda: os.mknod("socket", 0o140666), *READONLY)
