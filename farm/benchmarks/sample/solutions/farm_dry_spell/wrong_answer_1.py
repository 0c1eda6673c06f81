from typing import List


class Solution:
    def longestDrySpell(self, rain: List[int]) -> int:
        longest = days = 0
        for millimetres in rain:
            if millimetres == 0:
                days += 1
            else:
                longest = max(longest, days)
                days = 0
        return longest
