#: want = ["PASSED"]
#: output = "no module of the farm, no socket object, no test"
import gc
import socket

modules = [name for name in sys.modules if name.split(".")[0] in ("farm", "pytest", "pydantic", "celery", "redis")]
objects = gc.get_objects()
sockets = [held for held in objects if type(held) is socket.socket]
tests = [held for held in objects if type(held).__name__ in ("TestCase", "Suite", "Evaluation", "CaseResult", "Limits")]
print(
    "no module of the farm" if not modules else modules,
    "no socket object" if not sockets else sockets,
    "no test" if not tests else tests,
    sep=", ",
)
