from typing import List


class Solution:
    def minCarts(self, weights: List[int], capacity: int) -> int:
        weights = sorted(weights)
        low, high, carts = 0, len(weights) - 1, 0
        while low <= high:
            if weights[low] + weights[high] <= capacity:
                low += 1
            high -= 1
            carts += 1
        return carts
