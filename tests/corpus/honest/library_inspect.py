#: output = "(a, b=2) True\n"
import inspect


def f(a, b=2):
    return a + b


print(inspect.signature(f), inspect.isfunction(f))
