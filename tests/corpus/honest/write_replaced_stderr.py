#: tests = [["1", "1\n"], ["2", "2\n"]]
import io
import sys

sys.stderr = io.StringIO()
print(input())
