from typing import List


class Solution:
    def longestDrySpell(self, rain: List[int]) -> int:
        longest = days = 0
        for millimetres in rain:
            days = days + 1 if millimetres == 0 else 0
            longest = max(longest, days)
        return longest
