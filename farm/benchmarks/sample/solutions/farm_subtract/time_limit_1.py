class Solution:
    def subtract(self, a: int, b: int) -> int:
        difference = 0
        while b + difference != a:
            difference += 1
        return difference
