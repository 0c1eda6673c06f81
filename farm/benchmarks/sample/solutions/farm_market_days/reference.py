from bisect import bisect_left
from typing import List


class Solution:
    def bestOffers(self, offers: List[List[int]]) -> int:
        offers = sorted(offers, key=lambda offer: offer[1])
        lasts = [last for _, last, _ in offers]
        best = [0]
        for first, _, coins in offers:
            best.append(max(best[-1], best[bisect_left(lasts, first)] + coins))
        return best[-1]
