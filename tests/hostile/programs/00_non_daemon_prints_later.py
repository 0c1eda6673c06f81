#: want = ["WRONG_ANSWER"]
#: output = "42"
import threading

release = threading.Event()


def late():
    release.wait(0.05)
    print(43)


threading.Thread(target=late).start()
print(42)
