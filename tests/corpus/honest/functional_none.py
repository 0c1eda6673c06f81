#: func = "nothing"
#: tests = [["4", "null"]]
def nothing(value):
    return None
