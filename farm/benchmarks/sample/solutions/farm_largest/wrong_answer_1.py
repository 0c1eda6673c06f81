from typing import List


class Solution:
    def largest(self, numbers: List[int]) -> int:
        best = 0
        for number in numbers:
            if number > best:
                best = number
        return best
