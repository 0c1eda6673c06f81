from typing import List


class Solution:
    def busiestDay(self, yields: List[int], days: int) -> int:
        def needed(most: int) -> int:
            count, today = 1, 0
            for sacks in yields:
                if today + sacks > most:
                    count += 1
                    today = 0
                today += sacks
            return count

        low, high = max(yields), sum(yields)
        while low < high:
            middle = (low + high) // 2
            if needed(middle) <= days:
                high = middle
            else:
                low = middle + 1
        return low
