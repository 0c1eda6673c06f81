from typing import List


class Solution:
    def minCarts(self, weights: List[int], capacity: int) -> int:
        weights = sorted(weights, reverse=True)
        used = [False] * len(weights)
        carts = 0
        for i in range(len(weights)):
            if used[i]:
                continue
            used[i] = True
            carts += 1
            partner = -1
            for j in range(len(weights)):
                if not used[j] and weights[i] + weights[j] <= capacity:
                    if partner < 0 or weights[j] > weights[partner]:
                        partner = j
            if partner >= 0:
                used[partner] = True
        return carts
