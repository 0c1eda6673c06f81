from typing import List


class Solution:
    def busiestDay(self, yields: List[int], days: int) -> int:
        n = len(yields)
        total = [0]
        for sacks in yields:
            total.append(total[-1] + sacks)
        best = total[:]
        for _ in range(min(days, n) - 1):
            fresh = [0] * (n + 1)
            for end in range(1, n + 1):
                fresh[end] = min(max(best[start], total[end] - total[start]) for start in range(end))
            best = fresh
        return best[n]
