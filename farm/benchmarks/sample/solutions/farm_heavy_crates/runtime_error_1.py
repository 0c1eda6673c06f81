from typing import List


class Solution:
    def countHeavy(self, weights: List[int], limit: int) -> int:
        heavy = 1 if weights[0] > limit else 0
        return heavy + sum(weight > limit for weight in weights[1:])
