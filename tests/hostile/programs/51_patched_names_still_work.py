#: number = 51
#: want = ["PASSED"]
#: tests = [["1 2 3", "6"], ["4 5", "9"]]
#: prelude = false
import builtins
import io
import sys

numbers = list(map(int, sys.stdin.read().split()))
total = sum(numbers)
builtins.sum = builtins.sorted = lambda *_: 0
captured = sys.stdout
sys.stdout = io.StringIO()
print("lost")
captured.write(f"{total}\n")
