#: want = ["PASSED", "WRONG_ANSWER"]
#: output = "42"
import atexit
import io
import threading

print(42, flush=True)
atexit._run_exitfuncs = atexit._clear = threading._shutdown = io.TextIOWrapper = None
os._exit_code = 0
sys.modules["threading"] = sys.modules["atexit"] = sys.modules["io"] = None
sys.stdout = None
