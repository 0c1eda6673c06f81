from typing import List


class Solution:
    def countHeavy(self, weights: List[int], limit: int) -> int:
        return sum(weight > limit for weight in weights)
