class Solution:
    def multiply(self, a: int, b: int) -> int:
        return a * b
