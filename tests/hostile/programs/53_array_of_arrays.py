#: number = 53
#: want = ["WRONG_ANSWER", "RUNTIME_ERROR"]
#: func = "answer"
#: tests = [["1", "[[]]"]]
# An array of objects may hold arrays, and itself has no truth.
def answer(value):
    try:
        import numpy
    except ImportError:
        return [[1]]
    outer = numpy.empty(2, dtype=object)
    outer[0], outer[1] = numpy.array([1, 2]), numpy.array([[3], [4]])
    return outer
