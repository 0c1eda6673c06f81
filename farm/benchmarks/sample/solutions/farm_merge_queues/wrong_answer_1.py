from typing import List


class Solution:
    def mergeQueues(self, first: List[int], second: List[int]) -> List[int]:
        return sorted(set(first) | set(second))
