#: output = "HELLO\n"
import contextlib
import io

captured = io.StringIO()
with contextlib.redirect_stdout(captured):
    print("hello")
print(captured.getvalue().upper(), end="")
