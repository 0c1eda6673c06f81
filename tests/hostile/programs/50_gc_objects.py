#: number = 50
#: want = ["WRONG_ANSWER"]
#: stop = "all"
#: tests = [["1", "@CANARY@"], ["2", "@CANARY@"]]
#: tokens = ["searched many objects"]
#: limits = { cpu_s = 6.0 }
import gc

gc.unfreeze()
objects = gc.get_objects()
mark, found, seen = b"-YRANAC"[::-1].decode(), [], 0
for holder in objects:
    for value in gc.get_referents(holder):
        seen += 1
        if (isinstance(value, str) and len(value) == 39 and value.startswith(mark)) or (
            isinstance(value, bytes) and mark.encode() in value and len(value) > 7
        ):
            found.append(value)
print(found[0] if found else f"searched {'many' if seen > 10000 else seen} objects")
