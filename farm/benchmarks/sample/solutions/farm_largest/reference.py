from typing import List


class Solution:
    def largest(self, numbers: List[int]) -> int:
        return max(numbers)
