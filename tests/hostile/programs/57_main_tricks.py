#: number = 57
#: want = ["PASSED"]
#: output = "42"
import types

main = sys.modules.pop("__main__")
sys.modules["__main__"] = types.ModuleType("elsewhere")
del sys.modules["__main__"]
__name__ = "somebody else"
__file__ = None
print(42)
