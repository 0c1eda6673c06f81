from typing import List


class Solution:
    def nextTaller(self, heights: List[int]) -> List[int]:
        def steps(i: int, j: int) -> int:
            if heights[j] > heights[i]:
                return j - i
            return steps(i, j + 1)

        return [steps(i, i) for i in range(len(heights))]
