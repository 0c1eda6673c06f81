#: func = "positive"
#: tests = [["4", "true"], ["-4", "false"], ["0", "0"]]
class Solution:
    def positive(self, n):
        return n > 0
