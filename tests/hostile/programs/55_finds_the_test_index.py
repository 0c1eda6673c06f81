#: number = 55
#: want = ["PASSED"]
#: tests = [["x", "[] ['main.py'] [] 1"], ["x", "[] ['main.py'] [] 1"], ["x", "[] ['main.py'] [] 1"]]
try:
    here = os.listdir(".")
except OSError:
    here = []
_LIBC.getenv.restype = ctypes.c_char_p
raw = [name for name in (b"PATH", b"HOME", b"PYTHONPATH", b"FARM_CANARY", b"FARM_TEST") if _LIBC.getenv(name)]
print(list(os.environ), sys.argv, here + raw, len(sys.stdin.read()))
