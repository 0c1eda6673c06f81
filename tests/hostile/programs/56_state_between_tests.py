#: number = 56
#: want = ["PASSED"]
#: func = "answer"
#: tests = [["1", "[1, 1, 1]"], ["2", "[1, 1, 1]"], ["3", "[1, 1, 1]"]]
counter = [0]


class Solution:
    calls = 0

    def answer(self, value, seen=[]):
        Solution.calls += 1
        counter[0] += 1
        seen.append(value)
        return [Solution.calls, counter[0], len(seen)]
