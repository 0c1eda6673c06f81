#: denied = "mem, mem for writing, maps, thread mem, auxv, pagemap, clear_refs, oom score, coredump filter, attr"
for label, path, flags in [
    ("mem", "/proc/self/mem", os.O_RDONLY),
    ("mem for writing", "/proc/self/mem", os.O_RDWR),
    ("maps", "/proc/self/maps", os.O_RDONLY),
    ("thread mem", "/proc/thread-self/mem", os.O_RDWR),
    ("auxv", "/proc/self/auxv", os.O_RDONLY),
    ("pagemap", "/proc/self/pagemap", os.O_RDONLY),
    ("clear_refs", "/proc/self/clear_refs", os.O_WRONLY),
    ("oom score", "/proc/self/oom_score_adj", os.O_WRONLY),
    ("coredump filter", "/proc/self/coredump_filter", os.O_WRONLY),
    ("attr", "/proc/self/attr/current", os.O_WRONLY),
]:
    attempt(label, lambda path=path, flags=flags: os.open(path, flags), *HIDDEN)
