#: func = "double"
#: tests = [["4", "8"]]
class Solution:
    def double(self, n):
        print("debugging", n)
        return 2 * n
