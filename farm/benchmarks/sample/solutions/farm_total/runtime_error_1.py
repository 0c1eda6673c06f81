from typing import List


class Solution:
    def total(self, numbers: List[int]) -> int:
        total = numbers[0]
        for i in range(1, len(numbers)):
            total += numbers[i]
        return total
