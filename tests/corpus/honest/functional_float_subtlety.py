#: func = "same"
#: tests = [["0.1", "0.1"], ["1e308", "1e308"], ["-0.0", "0"]]
def same(value):
    return value
