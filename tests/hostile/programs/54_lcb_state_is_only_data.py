#: number = 54
#: mode = "lcb"
#: prelude = false
#: want = ["WRONG_ANSWER"]
#: first_failure = 1
#: tests = [["1", "1"], ["2", "2"], ["3", "3"]]
import builtins
import sys

value = input()
print("1")
sys.settrace(lambda *_: None)
builtins.input = lambda *_: "1"
