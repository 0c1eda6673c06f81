from typing import List


class Solution:
    def largest(self, numbers: List[int]) -> int:
        best = 0
        for i in range(len(numbers)):
            if numbers[i + 1] > numbers[best]:
                best = i + 1
        return numbers[best]
