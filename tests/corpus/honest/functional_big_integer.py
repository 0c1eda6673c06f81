#: func = "power"
#: input = "4000"
#: output = { prefix = "1", repeat = "0", times = 4000 }
class Solution:
    def power(self, n):
        return 10**n
