from functools import lru_cache
from typing import List


class Solution:
    def busiestDay(self, yields: List[int], days: int) -> int:
        @lru_cache(maxsize=None)
        def best(start: int, left: int) -> int:
            if left == 1:
                return sum(yields[start:])
            return min(max(sum(yields[start:end]), best(end, left - 1)) for end in range(start + 1, len(yields)))

        return best(0, days)
