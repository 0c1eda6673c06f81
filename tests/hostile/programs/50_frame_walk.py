#: number = 50
#: want = ["WRONG_ANSWER"]
#: stop = "all"
#: tests = [["1", "@CANARY@"], ["2", "@CANARY@"]]
#: tokens = ["walked"]
frame, seen, texts = sys._getframe(), 0, []
while frame is not None:
    for scope in (frame.f_locals, frame.f_globals):
        for value in list(scope.values()):
            seen += 1
            text = repr(value)
            if "CAN" + "ARY-" in text:
                texts.append(text[text.index("CAN" + "ARY-") :][:39])
    frame = frame.f_back
print(texts[0] if texts else f"walked {'many' if seen > 50 else seen} names")
