from typing import List


class Solution:
    def mergeQueues(self, first: List[int], second: List[int]) -> List[int]:
        merged = []
        while first or second:
            merged += [first + second] * 10000000
        return merged
