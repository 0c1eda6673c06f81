#: func = "double"
#: tests = [["4", "8"]]
double = lambda n: 2 * n
