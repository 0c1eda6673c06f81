class Solution:
    def addOne(self, n: int) -> int:
        return n + n // max(n, 1)
