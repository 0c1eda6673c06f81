from typing import List


class Solution:
    def bestOffers(self, offers: List[List[int]]) -> int:
        offers = sorted(offers, key=lambda offer: offer[1])
        best = []
        for i, (first, _, coins) in enumerate(offers):
            before = 0
            for j in range(i):
                if offers[j][1] < first and best[j] > before:
                    before = best[j]
            best.append(before + coins)
        return max(best, default=0)
