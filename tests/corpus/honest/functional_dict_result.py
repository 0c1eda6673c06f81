#: func = "count"
#: tests = [["[\"a\", \"b\", \"a\"]", "{\"b\": 1, \"a\": 2}"]]
from collections import Counter


class Solution:
    def count(self, words):
        return Counter(words)
