from typing import List


class Solution:
    def longestChain(self, after: List[int]) -> int:
        length = [1] * len(after)
        for chore, before in enumerate(after):
            if before >= 0:
                length[chore] = length[before] + 1
        return max(length)
