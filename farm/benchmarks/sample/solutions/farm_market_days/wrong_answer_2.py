from bisect import bisect_right
from typing import List


class Solution:
    def bestOffers(self, offers: List[List[int]]) -> int:
        offers = sorted(offers, key=lambda offer: offer[1])
        lasts = [last for _, last, _ in offers]
        best = [0]
        for i, (first, _, coins) in enumerate(offers):
            best.append(max(best[-1], best[bisect_right(lasts, first, 0, i)] + coins))
        return best[-1]
