#: denied = "dumpable, securebits, ambient, bounding, ptracer, mm, subreaper, tsc, keep caps, timer slack, spec, pac, no new privs"
for label, option, value in [
    ("dumpable", 4, 1), ("securebits", 28, 0), ("ambient", 47, 2), ("bounding", 24, 0), ("ptracer", 0x59616D61, -1),
    ("mm", 35, 1), ("subreaper", 36, 1), ("tsc", 26, 2), ("keep caps", 8, 1), ("timer slack", 29, 1), ("spec", 53, 0),
    ("pac", 54, 0), ("no new privs", 38, 0),
]:
    attempt(label, lambda option=option, value=value: syscall("prctl", option, value, 0, 0, 0))
