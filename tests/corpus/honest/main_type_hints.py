#: output = "{'a': <class 'int'>, 'return': <class 'str'>}\n"
import typing


def f(a: "int") -> "str":
    return str(a)


print(typing.get_type_hints(f))
