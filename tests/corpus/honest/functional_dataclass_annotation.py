#: func = "total"
#: tests = [["[1, 2]", "3"]]
from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Pair:
    a: "int"
    b: Optional[int] = None


class Solution:
    def total(self, values: List[int]) -> int:
        pair = Pair(*values)
        return pair.a + pair.b
