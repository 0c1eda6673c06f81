#: want = ["PASSED"]
#: output = "-1 -1 -1 -1 -1 -1"
calls = [
    _LIBC.clone(0, 0, 17, 0),
    _LIBC.unshare(0x10000000),
    _LIBC.ptrace(0, 0, 0, 0),
    _LIBC.setsid(),
    _LIBC.fork(),
    _LIBC.personality(0xFFFFFFFF),
]
print(*(call if call == -1 else "allowed" for call in calls))
