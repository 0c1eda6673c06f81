from typing import List


class Solution:
    def longestDistinct(self, beds: List[int]) -> int:
        last = {}
        start = longest = 0
        for i, kind in enumerate(beds):
            start = max(start, last.get(kind, -1) + 1)
            last[kind] = i
            longest = max(longest, i - start + 1)
        return longest
