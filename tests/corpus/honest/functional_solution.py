#: func = "add"
#: tests = [["1\n2", "3"], ["-5\n5", "0"]]
class Solution:
    def add(self, a: int, b: int) -> int:
        return a + b
