class Solution:
    def addOne(n: int) -> int:
        return n + 1
