from typing import List


class Solution:
    def longestDistinct(self, beds: List[int]) -> int:
        seen = set()
        longest = 0
        for kind in beds:
            if kind in seen:
                seen = set()
            seen.add(kind)
            longest = max(longest, len(seen))
        return longest
