#: number = 50
#: mode = "lcb"
#: prelude = false
#: want = ["WRONG_ANSWER"]
#: tests = [["1", "@CANARY@"], ["2", "@CANARY@"]]
import gc
import sys

frame, texts = sys._getframe(), []
while frame is not None:
    for scope in (frame.f_locals, frame.f_globals):
        for value in list(scope.values()):
            text = repr(value)
            if "CAN" + "ARY-" in text:
                texts.append(text[text.index("CAN" + "ARY-") :][:39])
    frame = frame.f_back
for value in gc.get_objects():
    if isinstance(value, (list, dict, tuple)):
        for item in gc.get_referents(value):
            if isinstance(item, str) and len(item) == 39 and item.startswith("CAN" + "ARY-"):
                texts.append(item)
print(texts[0] if texts else "nothing found")
