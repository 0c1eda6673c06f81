#: output = "Point(x=1, y=2) True\n"
from dataclasses import dataclass, field


@dataclass(order=True)
class Point:
    x: "int"
    y: "int" = 2
    tags: list = field(default_factory=list, compare=False, repr=False)


print(Point(1), Point(1) < Point(2))
