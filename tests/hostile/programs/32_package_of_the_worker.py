#: number = 32
#: want = ["PASSED"]
#: output = "absent absent absent absent absent"
found = []
for name in ("farm", "pydantic", "celery", "redis", "pytest"):
    try:
        __import__(name)
        found.append(name)
    except ImportError:
        found.append("absent")
print(*found)
