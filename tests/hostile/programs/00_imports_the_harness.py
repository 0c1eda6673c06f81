#: want = ["PASSED"]
#: output = "absent"
names = ["farm", "farm.sandbox", "inside", "zygote", "farm.records", "child", "jail", "harness"]
found = []
for name in names:
    try:
        module = __import__(name)
        found.append(f"{name} from {getattr(module, '__file__', None)}")
    except ImportError:
        pass
print(*found or ["absent"])
