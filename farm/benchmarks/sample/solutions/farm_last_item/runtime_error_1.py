from typing import List


class Solution:
    def lastItem(self, items: List[int]) -> int:
        return items[len(items)]
