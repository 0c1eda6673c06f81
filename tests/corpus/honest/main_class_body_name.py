#: input = "6\n"
#: output = "6\n"
n = int(input())


class Board:
    n = n


print(Board.n)
