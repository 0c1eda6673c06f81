from functools import lru_cache
from typing import List


class Solution:
    def longestChain(self, after: List[int]) -> int:
        @lru_cache(maxsize=None)
        def length(chore: int) -> int:
            return 1 + length(after[chore]) if after[chore] >= 0 else 1

        return max(length(chore) for chore in range(len(after)))
