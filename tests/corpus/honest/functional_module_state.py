#: func = "count"
#: tests = [["1", "1"], ["1", "1"]]
calls = 0
memory = {}


class Solution:
    def count(self, value, seen=[]):
        global calls
        calls += 1
        seen.append(value)
        memory[calls] = value
        return calls * len(seen) * len(memory)
