from typing import List


class Solution:
    def longestDistinct(self, beds: List[int]) -> int:
        return len(set(beds))
