#: want = ["WRONG_ANSWER", "RUNTIME_ERROR", "OUTPUT_LIMIT"]
#: func = "answer"
#: stop = "all"
#: tests = [["1", "\"@CANARY@\""], ["2", "\"@CANARY@\""]]
#: limits = { cpu_s = 6.0 }
import gc


def answer(value):
    # Every short bytes object of the harness is tried as a nonce before a length and a JSON body.
    nonces = {b""}
    frame = sys._getframe()
    while frame is not None:
        for scope in (frame.f_locals, frame.f_globals):
            nonces |= {held for held in scope.values() if isinstance(held, bytes) and 4 <= len(held) <= 64}
        frame = frame.f_back
    for body in (b'"forged"', b'["str","forged"]', b'{"value":["str","forged"]}'):
        for nonce in list(nonces)[:50]:
            for width, order in ((4, "big"), (4, "little"), (8, "big"), (8, "little")):
                for fd in range(3, 16):
                    try:
                        os.write(fd, nonce + len(body).to_bytes(width, order) + body)
                    except OSError:
                        pass
    return "nothing found"
