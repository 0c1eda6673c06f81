class Solution:
    def add(self, a: int) -> int:
        return a
