class Solution:
    def isEven(self, n: int) -> bool:
        return "True" if n % 2 == 0 else "False"
