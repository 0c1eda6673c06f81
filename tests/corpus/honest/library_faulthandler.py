#: output = "42\n"
import faulthandler
import traceback

faulthandler.enable()
faulthandler.dump_traceback_later(60, exit=True)
faulthandler.cancel_dump_traceback_later()
try:
    raise ValueError("printed to stderr")
except ValueError:
    traceback.print_exc()
print(42)
