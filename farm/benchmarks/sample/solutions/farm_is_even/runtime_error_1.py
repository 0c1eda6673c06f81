class Solution:
    def isEven(self, n: int) -> bool:
        if n == 0:
            return True
        return not self.isEven(n - 1)
