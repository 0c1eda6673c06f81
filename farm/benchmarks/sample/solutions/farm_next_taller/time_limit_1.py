from typing import List


class Solution:
    def nextTaller(self, heights: List[int]) -> List[int]:
        steps = []
        for i in range(len(heights)):
            j = i + 1
            while j < len(heights) and heights[j] <= heights[i]:
                j += 1
            steps.append(j - i if j < len(heights) else 0)
        return steps
