class Solution:
    def double(self, n: int) -> int:
        total = 0
        while total < 2 * n:
            total *= 2
        return total
