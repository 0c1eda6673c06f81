class Solution:
    def addOne(self, n: int) -> int:
        return n + 1
