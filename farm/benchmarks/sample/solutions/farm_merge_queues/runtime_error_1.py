from typing import List


class Solution:
    def mergeQueues(self, first: List[int], second: List[int]) -> List[int]:
        merged = []
        while first or second:
            merged.append(first.pop(0) if first[0] <= second[0] else second.pop(0))
        return merged
