from typing import List


class Solution:
    def bestOffers(self, offers: List[List[int]]) -> int:
        total = free = 0
        for first, last, coins in sorted(offers, key=lambda offer: offer[1]):
            if first > free:
                total += coins
                free = last
        return total
