#: func = "fib"
#: tests = [["90", "2880067194370816120"]]
class Solution:
    @cache
    def fib(self, n):
        return n if n < 2 else self.fib(n - 1) + self.fib(n - 2)
