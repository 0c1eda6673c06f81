from typing import List


class Solution:
    def mergeQueues(self, first: List[int], second: List[int]) -> List[int]:
        merged = []
        i = j = 0
        while i < len(first) and j < len(second):
            if first[i] <= second[j]:
                merged.append(first[i])
                i += 1
            else:
                merged.append(second[j])
                j += 1
        return merged + first[i:] + second[j:]
