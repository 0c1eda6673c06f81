#: input = "abracadabra\n"
#: output = "a5 b2 deque([2, 3, 1]) {'x': [1]}\n"
from collections import Counter, OrderedDict, defaultdict, deque

counts = Counter(input()).most_common(2)
line = deque([1, 2, 3])
line.rotate(-1)
groups = defaultdict(list)
groups["x"].append(1)
print(*(f"{letter}{n}" for letter, n in counts), line, dict(OrderedDict(groups)))
