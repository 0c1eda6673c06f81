from typing import List


class Solution:
    def busiestDay(self, yields: List[int], days: int) -> int:
        return max(max(yields), -(-sum(yields) // days))
