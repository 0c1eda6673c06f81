#: output = "42\n"
import sys
import warnings

print("debug", file=sys.stderr)
warnings.warn("only a warning", stacklevel=1)
print(42)
