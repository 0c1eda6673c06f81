#: func = "rotate"
#: tests = [["[[1, 2], [3, 4]]", "[[3, 1], [4, 2]]"]]
class Solution:
    def rotate(self, matrix: List[List[int]]) -> List[List[int]]:
        return [list(row) for row in zip(*matrix[::-1])]
