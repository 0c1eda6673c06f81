#: func = "add"
#: tests = [["1\n2", "3"]]
def add(a, b):
    return a + b
