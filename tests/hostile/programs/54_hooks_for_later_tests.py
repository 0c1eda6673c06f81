#: number = 54
#: want = ["PASSED"]
#: tests = [["1", "clean"], ["2", "clean"], ["3", "clean"]]
import atexit
import builtins
import threading

dirty = [
    name
    for name, found in {
        "trace": sys.gettrace(),
        "profile": sys.getprofile(),
        "finder": any(type(f).__name__ == "Finder" for f in sys.meta_path),
        "hook": getattr(builtins, "hooked", None),
        "threads": threading.active_count() > 1,
        "exit": getattr(atexit, "left", None),
    }.items()
    if found
]


class Finder:
    def find_spec(self, name, path=None, target=None):
        return None


print(*dirty or ["clean"])
builtins.hooked = True
sys.addaudithook(lambda event, arguments: None)
sys.settrace(lambda *_: None)
sys.setprofile(lambda *_: None)
sys.meta_path.insert(0, Finder())
sys.path.insert(0, "/tmp")
atexit.left = True
sys.settrace(None)
