#: func = "group"
#: tests = [["[1, 2, 3]", "{\"odd\": [1, 3], \"even\": [2]}"]]
class Solution:
    def group(self, numbers):
        groups = defaultdict(list)
        for n in numbers:
            groups["odd" if n % 2 else "even"].append(n)
        return groups
