#: output = "42\n"
import threading


def fail():
    raise ValueError("only this thread")


thread = threading.Thread(target=fail)
thread.start()
thread.join()
print(42)
