class Solution:
    def subtract(self, a: int, b: int) -> int:
        return abs(a - b)
