#: func = "numbers"
#: tests = [["3", "[0, 1, 2]"]]
class Solution:
    def numbers(self, n):
        return [i for i in range(n)]
