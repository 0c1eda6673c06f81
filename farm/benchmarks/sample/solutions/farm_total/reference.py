from typing import List


class Solution:
    def total(self, numbers: List[int]) -> int:
        return sum(numbers)
