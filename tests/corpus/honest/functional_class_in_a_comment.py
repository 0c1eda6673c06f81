#: func = "add"
#: tests = [["1\n2", "3"]]
# No class Solution here, only in this comment.
def add(a, b):
    return a + b
