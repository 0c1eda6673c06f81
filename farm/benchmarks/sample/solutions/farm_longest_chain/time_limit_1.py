from typing import List


class Solution:
    def longestChain(self, after: List[int]) -> int:
        longest = 0
        for chore in range(len(after)):
            length = 0
            while chore >= 0:
                length += 1
                chore = after[chore]
            longest = max(longest, length)
        return longest
