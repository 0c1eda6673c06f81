#: output = "[2, 4] 1\n"
from typing import Callable, Dict, Generic, List, NamedTuple, Optional, Tuple, TypeVar

T = TypeVar("T")


class Box(Generic[T]):
    def __init__(self, value: T) -> None:
        self.value: Optional[T] = value


class Point(NamedTuple):
    x: int
    y: int = 2


def double(values: List[int], f: Callable[[int], int]) -> List[int]:
    return [f(v) for v in values]


table: Dict[str, Tuple[int, ...]] = {"a": (1,)}
print(double([1, 2], lambda v: v * 2), Point(1).x * Box(table).value["a"][0])
