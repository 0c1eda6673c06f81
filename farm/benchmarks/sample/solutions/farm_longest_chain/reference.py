from typing import List


class Solution:
    def longestChain(self, after: List[int]) -> int:
        length = [0] * len(after)
        for chore in range(len(after)):
            path = []
            while chore >= 0 and not length[chore]:
                path.append(chore)
                chore = after[chore]
            done = length[chore] if chore >= 0 else 0
            for waiting in reversed(path):
                done += 1
                length[waiting] = done
        return max(length)
