from typing import List


class Solution:
    def minCarts(self, weights: List[int], capacity: int) -> int:
        weights = sorted(weights)
        carts = i = 0
        while i < len(weights):
            if i + 1 < len(weights) and weights[i] + weights[i + 1] <= capacity:
                i += 1
            i += 1
            carts += 1
        return carts
