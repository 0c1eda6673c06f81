#: output = "Color.RED [1, 2] 12\n"
from abc import ABC, abstractmethod
from enum import Enum


class Color(Enum):
    RED = 1
    BLUE = 2


class Shape(ABC):
    @abstractmethod
    def area(self): ...


class Square(Shape):
    def area(self):
        return 12


print(Color.RED, [c.value for c in Color], Square().area())
