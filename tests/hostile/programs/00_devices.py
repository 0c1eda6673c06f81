#: denied = "mem, kmsg, kvm, fuse, net tun, input, disk, loop, full for writing, random for writing, zero for writing"
for label, path, flags in [
    ("mem", "/dev/mem", os.O_RDONLY), ("kmsg", "/dev/kmsg", os.O_RDONLY), ("kvm", "/dev/kvm", os.O_RDWR),
    ("fuse", "/dev/fuse", os.O_RDWR), ("net tun", "/dev/net/tun", os.O_RDWR), ("input", "/dev/input", os.O_RDONLY),
    ("disk", "/dev/vda", os.O_RDONLY), ("loop", "/dev/loop0", os.O_RDONLY), ("full for writing", "/dev/full", os.O_WRONLY),
    ("random for writing", "/dev/urandom", os.O_WRONLY), ("zero for writing", "/dev/zero", os.O_WRONLY),
]:
    attempt(label, lambda path=path, flags=flags: os.open(path, flags), *HIDDEN, "ENXIO", "ENODEV")
