#: func = "half"
#: tests = [["1", "0.5"], ["4", "2"], ["4", "2.0"]]
class Solution:
    def half(self, n: int) -> float:
        return n / 2
