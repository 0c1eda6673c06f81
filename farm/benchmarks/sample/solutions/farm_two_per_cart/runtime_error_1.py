from typing import List


class Solution:
    def minCarts(self, weights: List[int], capacity: int) -> int:
        weights = sorted(weights)
        carts = 0
        while weights:
            heaviest = weights.pop()
            carts += 1
            if heaviest + weights[0] <= capacity:
                weights.pop(0)
        return carts
