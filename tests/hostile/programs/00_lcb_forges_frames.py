#: mode = "lcb"
#: prelude = false
#: want = ["WRONG_ANSWER", "RUNTIME_ERROR", "OUTPUT_LIMIT", "TIME_LIMIT"]
#: tests = [["1", "7"], ["2", "7"], ["3", "7"]]
#: limits = { cpu_s = 2.0, wall_s = 4.0 }
import os

body = b'{"stdout": "7", "output": "7", "ok": true}'
for fd in range(3, 64):
    for _ in range(10):
        try:
            os.write(fd, len(body).to_bytes(4, "big") + body)
        except OSError:
            break
print(8)
