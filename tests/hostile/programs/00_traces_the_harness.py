#: want = ["WRONG_ANSWER", "RUNTIME_ERROR"]
#: func = "answer"
#: stop = "all"
#: tests = [["1", "\"@CANARY@\""], ["2", "\"@CANARY@\""]]
# A trace function sees every frame of the harness that still runs: none of them holds an expected output.
import threading

seen = []


def local(frame, event, argument):
    for held in (*frame.f_locals.values(), argument):
        if isinstance(held, (str, bytes, tuple, list, dict)) and "CAN" + "ARY-" in repr(held):
            text = repr(held)
            seen.append(text[text.index("CAN" + "ARY-") :][:39])
    for name, held in frame.f_locals.items():
        if held == "nothing seen" and seen:
            frame.f_locals[name] = seen[0]
    return local


def answer(value):
    frame = sys._getframe().f_back
    while frame is not None:
        frame.f_trace = local
        local(frame, "line", None)
        frame = frame.f_back
    sys.settrace(local)
    sys.setprofile(local)
    threading.settrace(local)
    return seen[0] if seen else "nothing seen"
