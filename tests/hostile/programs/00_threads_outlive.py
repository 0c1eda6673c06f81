#: want = ["PASSED"]
#: output = "42"
#: limits = { cpu_s = 2.0 }
import threading


def noise():
    while True:
        threading.Event().wait(0.01)
        os.write(2, b"still here\n")


for _ in range(4):
    threading.Thread(target=noise, daemon=True).start()
print(42)
