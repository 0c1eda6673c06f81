class Solution:
    def multiply(self, a: int, b: int) -> int:
        product = 0
        step = a if b > 0 else -a
        for _ in range(abs(b)):
            product += step
        return product
