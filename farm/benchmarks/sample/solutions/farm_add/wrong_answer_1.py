class Solution:
    def add(self, a: int, b: int) -> int:
        print(a + b)
