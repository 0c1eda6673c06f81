#: func = "length"
#: input = { prefix = "[1", repeat = ", 1", times = 499999, suffix = "]" }
#: output = "500000"
class Solution:
    def length(self, numbers):
        return len(numbers)
