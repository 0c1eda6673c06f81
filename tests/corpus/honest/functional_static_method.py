#: func = "double"
#: tests = [["4", "8"]]
class Solution:
    @staticmethod
    def double(n):
        return 2 * n
