class Solution:
    def double(self, n: int) -> int:
        return n**2
