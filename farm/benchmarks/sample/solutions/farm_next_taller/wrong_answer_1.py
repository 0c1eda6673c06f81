from typing import List


class Solution:
    def nextTaller(self, heights: List[int]) -> List[int]:
        steps = [0] * len(heights)
        waiting = []
        for i, height in enumerate(heights):
            while waiting and heights[waiting[-1]] <= height:
                j = waiting.pop()
                steps[j] = i - j
            waiting.append(i)
        return steps
