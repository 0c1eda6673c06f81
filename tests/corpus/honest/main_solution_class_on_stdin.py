#: input = "2 3\n"
#: output = "5\n"
class Solution:
    def __init__(self, a, b):
        self.total = a + b


print(Solution(*map(int, input().split())).total)
