#: func = "depth"
#: tests = [["40000", "40000"]]
class Solution:
    def depth(self, n):
        return 0 if n == 0 else 1 + self.depth(n - 1)
