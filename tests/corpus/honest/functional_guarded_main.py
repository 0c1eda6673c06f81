#: func = "double"
#: tests = [["4", "8"]]
class Solution:
    def double(self, n):
        return 2 * n


if __name__ == "__main__":
    print(Solution().double(int(input())))
