#: want = ["RUNTIME_ERROR"]
#: output = "42"
import builtins

print(42, flush=True)


def hooked(*_, **__):
    raise SystemExit(0)


builtins.__import__ = hooked
builtins.__build_class__ = hooked
sys.meta_path[:] = []
sys.path_hooks[:] = []
sys.modules.clear()
raise ValueError("printing this needs imports")
