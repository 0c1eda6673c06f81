from typing import List


class Solution:
    def longestDrySpell(self, rain: List[int]) -> int:
        longest = 0
        for start in range(len(rain)):
            end = start
            while end < len(rain) and rain[end] == 0:
                end += 1
            longest = max(longest, end - start)
        return longest
