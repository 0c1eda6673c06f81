#: number = 38
#: want = ["PASSED"]
#: tests = [["1", "clean 1"], ["1", "clean 1"], ["1", "clean 1"]]
import builtins
import math
import string

marks = [hasattr(module, "poisoned") for module in (builtins, math, json, string, os, sys, sys.modules["__main__"])]
for module in (builtins, math, json, string, os, sys, sys.modules["__main__"]):
    module.poisoned = True
sys.modules["heapq"] = None
builtins.len = lambda _: 1
print("poisoned" if any(marks) else "clean", len(sys.argv))
