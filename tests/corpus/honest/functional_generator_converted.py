#: func = "squares"
#: tests = [["4", "[0, 1, 4, 9]"]]
class Solution:
    def squares(self, n):
        return list(i * i for i in range(n))
