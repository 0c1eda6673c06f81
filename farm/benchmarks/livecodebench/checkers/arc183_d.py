"""AtCoder arc183_d, Keep Perfectly Matched: any sequence of removals with the largest total score.

Removing the leaves x and y leaves a tree with a perfect matching if and only if the path between them alternates
between matched and other edges, matched ones at both ends; the edges of the path then change roles. A path of L edges
holds at most (L + 1) / 2 matched ones, and that many only if it alternates so: counting them is enough. Heavy paths
and blocks of bits make that fast on trees of 250,000 vertices.
"""

from __future__ import annotations

from collections.abc import Iterator

from farm.benchmarks.checker import Answer, Wrong

_BLOCK = 4096


def check(given: str, expected: str, actual: str) -> None:
    n, *ends = map(int, given.split())
    tree = _Tree(n, list(zip(ends[::2], ends[1::2], strict=True)))
    wanted = list(map(int, expected.split()))
    best = sum(tree.distance(x, y) for x, y in zip(wanted[::2], wanted[1::2], strict=True))
    answer = Answer(actual)
    total = 0
    for _ in range(n // 2):
        x, y = answer.integers(2, 1, n, "a vertex")
        total += tree.remove(x, y)
    answer.end()
    if total < best:
        raise Wrong(f"the total score is {total}, {best} can be reached")
    if total > best:
        raise ValueError(f"the program's total score is {total}, above the expected output's {best}")


class _Tree:
    """The tree that is left. Vertices have a place each; heavy paths are ranges of places."""

    def __init__(self, n: int, edges: list[tuple[int, int]]) -> None:
        near: list[list[int]] = [[] for _ in range(n + 1)]
        for one, other in edges:
            near[one].append(other)
            near[other].append(one)
        self.degree = [len(around) for around in near]
        self.neighbours = [0] * (n + 1)  # XOR of those that are left: of a leaf its only one
        for vertex, around in enumerate(near):
            for other in around:
                self.neighbours[vertex] ^= other
        self._lay_out(n, near)
        # The given matching: vertices 2i - 1 and 2i. An edge is known by its lower end
        self.matched = _Bits(n)
        for even in range(2, n + 1, 2):
            self.matched.flip(*[self.place[even if self.parent[even] == even - 1 else even - 1]] * 2)

    def _lay_out(self, n: int, near: list[list[int]]) -> None:
        self.parent, self.depth = [0] * (n + 1), [0] * (n + 1)
        order = [1]
        for vertex in order:
            for other in near[vertex]:
                if other != self.parent[vertex]:
                    self.parent[other], self.depth[other] = vertex, self.depth[vertex] + 1
                    order.append(other)
        size, heavy = [1] * (n + 1), [0] * (n + 1)
        for vertex in reversed(order):
            above = self.parent[vertex]
            size[above] += size[vertex]
            if not heavy[above] or size[vertex] > size[heavy[above]]:
                heavy[above] = vertex
        self.head, self.place = [0] * (n + 1), [0] * (n + 1)
        free = 0
        for top in order:
            if heavy[self.parent[top]] == top and top != 1:
                continue
            vertex = top
            while vertex:
                self.head[vertex], self.place[vertex] = top, free
                free += 1
                vertex = heavy[vertex]

    def ranges(self, x: int, y: int) -> Iterator[tuple[int, int]]:
        """The path's edges as ranges of places, both ends included."""
        while self.head[x] != self.head[y]:
            if self.depth[self.head[x]] < self.depth[self.head[y]]:
                x, y = y, x
            top = self.head[x]
            yield self.place[top], self.place[x]
            x = self.parent[top]
        if x != y:
            low, high = sorted((self.place[x], self.place[y]))
            yield low + 1, high

    def distance(self, x: int, y: int) -> int:
        return sum(high - low + 1 for low, high in self.ranges(x, y))

    def remove(self, x: int, y: int) -> int:
        """Remove two leaves; their distance. `Wrong` if that may not be."""
        if x == y or self.degree[x] != 1 or self.degree[y] != 1:
            raise Wrong(f"{x} and {y} are not two leaves")
        length = matched = 0
        for low, high in self.ranges(x, y):
            length += high - low + 1
            matched += self.matched.flip(low, high)
        if 2 * matched != length + 1:
            raise Wrong(f"without {x} and {y} there is no perfect matching")
        for leaf in (x, y):
            other = self.neighbours[leaf]
            self.degree[other] -= 1
            self.neighbours[other] ^= leaf
            self.degree[leaf] = 0
        return length


class _Bits:
    """A row of bits whose ranges can be counted and flipped quickly, in blocks."""

    def __init__(self, size: int) -> None:
        blocks = size // _BLOCK + 1
        self.bits = [0] * blocks
        self.ones = [0] * blocks
        self.flipped = [False] * blocks  # the whole block means its opposite

    def flip(self, low: int, high: int) -> int:
        """Flip the bits of a range, both ends included; how many were set before."""
        first, last = low // _BLOCK, high // _BLOCK
        if first == last:
            return self._flip_within(first, low % _BLOCK, high % _BLOCK)
        count = self._flip_within(first, low % _BLOCK, _BLOCK - 1) + self._flip_within(last, 0, high % _BLOCK)
        for block in range(first + 1, last):
            count += _BLOCK - self.ones[block] if self.flipped[block] else self.ones[block]
            self.flipped[block] = not self.flipped[block]
        return count

    def _flip_within(self, block: int, low: int, high: int) -> int:
        width = high - low + 1
        mask = ((1 << width) - 1) << low
        ones = (self.bits[block] & mask).bit_count()
        self.bits[block] ^= mask
        self.ones[block] += width - 2 * ones
        return width - ones if self.flipped[block] else ones
