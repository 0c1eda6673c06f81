#: output = "kept\n"
import io
import sys

real, sys.stdout = sys.stdout, io.StringIO()
print("lost")
sys.stdout = real
print("kept")
