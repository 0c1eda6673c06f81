from typing import List


class Solution:
    def longestDistinct(self, beds: List[int]) -> int:
        longest = 0
        for i in range(len(beds)):
            seen = set()
            distinct = True
            for j in range(i, len(beds)):
                if beds[j] in seen:
                    distinct = False
                seen.add(beds[j])
                if distinct:
                    longest = max(longest, j - i + 1)
        return longest
