"""Problems where the obvious quadratic or exponential program is too slow."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from sample_set.source import Source, call, example, method, stdin, tiled


def _pairs(random: Random, size: int, high: int, target: int) -> str:
    return stdin([size, target], tiled(random, size, 1, high))


def _pair_weights(random: Random) -> Iterator[str]:
    yield from ("1 4\n2\n", "2 4\n2 2\n", "4 4\n2 2 2 2", "3 1000000000\n1 999999999 1\n")
    for _ in range(3):
        yield _pairs(random, 40, 12, random.randint(2, 20))
    yield _pairs(random, 200_000, 1_000_000_000, 1_000_000_000)
    yield _pairs(random, 200_000, 50, 60)


def _small_pairs(random: Random) -> Iterator[str]:
    for _ in range(100):
        yield _pairs(random, random.randint(1, 9), 6, random.randint(2, 12))


def _ranges(random: Random, size: int, queries: int) -> str:
    block = []
    for _ in range(min(queries, 400)):
        low, high = sorted((random.randint(1, size), random.randint(1, size)))
        block.append([low, high])
    asked = (block * (queries // len(block) + 1))[:queries]
    return stdin([size, queries], tiled(random, size, 0, 90), *asked)


def _rain_ranges(random: Random) -> Iterator[str]:
    yield from ("1 1\n5\n1 1\n", "3 2\n1 2 3\n3 3\n1 3")
    for _ in range(3):
        yield _ranges(random, 30, 20)
    yield _ranges(random, 100_000, 100_000)


def _small_ranges(random: Random) -> Iterator[str]:
    for _ in range(60):
        yield _ranges(random, random.randint(1, 8), random.randint(1, 6))


def _belt(random: Random, size: int, width: int) -> str:
    return stdin([size, width], tiled(random, size, 1, 1000, tile=700))


def _belt_peaks(random: Random) -> Iterator[str]:
    yield from ("1 1\n7\n", "3 3\n1 2 3\n", "4 1\n4 3 2 1", "5 2\n9 1 1 1 9\n")
    for _ in range(3):
        yield _belt(random, 50, random.randint(1, 50))
    yield _belt(random, 200_000, 100_000)
    yield stdin([200_000, 99_999], [1000] * 200_000)


def _small_belt(random: Random) -> Iterator[str]:
    for _ in range(100):
        size = random.randint(1, 9)
        yield _belt(random, size, random.randint(1, size))


def _next_taller(random: Random) -> Iterator[str]:
    yield call([1])
    yield call([3, 2, 1])
    yield call([1, 2, 3])
    yield call([2, 2, 3])
    for _ in range(3):
        yield call([random.randint(1, 9) for _ in range(40)])
    yield call([7] * 100_000)
    yield call(tiled(random, 100_000, 1, 10**6))


def _small_lists(random: Random) -> Iterator[str]:
    for _ in range(100):
        yield call([random.randint(1, 6) for _ in range(random.randint(1, 8))])


def _maze(random: Random, height: int, width: int, walls: float) -> str:
    grid = [["#" if random.random() < walls else "." for _ in range(width)] for _ in range(height)]
    grid[0][0] = grid[-1][-1] = "."
    return stdin([height, width], *("".join(row) for row in grid))


def _maze_snake(height: int, width: int) -> str:
    rows = []
    for number in range(height):
        gap = width - 1 if number % 4 == 1 else 0
        rows.append("." * width if number % 2 == 0 else "#" * gap + "." + "#" * (width - 1 - gap))
    return stdin([height, width], *rows)


def _tractor_maze(random: Random) -> Iterator[str]:
    yield from ("1 1\n.\n", "1 3\n.#.\n", "2 2\n..\n..", "2 2\n.#\n#.\n")
    for walls in (0.1, 0.25, 0.4):
        yield _maze(random, 12, 15, walls)
    yield stdin([300, 300], *["." * 300] * 300)
    yield _maze_snake(299, 300)


def _small_maze(random: Random) -> Iterator[str]:
    for _ in range(80):
        yield _maze(random, random.randint(1, 4), random.randint(2, 4), 0.3)


def _carts(random: Random) -> Iterator[str]:
    yield call([], 5)
    yield call([5], 5)
    yield call([3, 3], 5)
    yield call([2, 3], 5)
    yield call([1, 1, 1, 5, 4], 5)
    for _ in range(3):
        yield call([random.randint(1, 20) for _ in range(31)], random.randint(20, 30))
    yield call(tiled(random, 100_000, 1, 1000), 1000)


def _small_carts(random: Random) -> Iterator[str]:
    for _ in range(100):
        yield call([random.randint(1, 9) for _ in range(random.randint(0, 9))], random.randint(9, 12))


def _beds(random: Random) -> Iterator[str]:
    yield call([])
    yield call([4])
    yield call([4, 4])
    yield call([1, 2, 3, 1, 4])
    yield call([1, 2, 2, 1, 3])
    for _ in range(3):
        yield call([random.randint(1, 12) for _ in range(60)])
    yield call(list(range(300)) * 300)
    yield call(tiled(random, 100_000, 1, 10**6))


def _roads(random: Random, fields: int, extra: int, *, whole: bool = True) -> str:
    edges = []
    for number in range(2, fields + 1):
        if whole or number != fields // 2 + 1:
            edges.append([number, number - 1, 50 + number * 7 % 40])
    for number in range(extra):
        low = number * 3 % (fields // 2) + 1
        edges.append([low, low + (number % 5 if low + 4 <= fields // 2 else 0), 1 + number * 11 % 97])
    return stdin([fields, len(edges)], *edges)


def _random_roads(random: Random, fields: int, count: int) -> str:
    edges = [[random.randint(1, fields), random.randint(1, fields), random.randint(1, 20)] for _ in range(count)]
    return stdin([fields, count], *edges)


def _irrigation(random: Random) -> Iterator[str]:
    yield from ("1 0\n", "2 0\n", "2 1\n1 2 5", "3 3\n1 1 1\n1 2 4\n2 3 6\n")
    for count in (9, 15, 40):
        yield _random_roads(random, 10, count)
    yield _roads(random, 4000, 8000, whole=False)
    yield _roads(random, 4000, 8000)


def _small_roads(random: Random) -> Iterator[str]:
    for _ in range(100):
        yield _random_roads(random, random.randint(1, 5), random.randint(0, 8))


def _harvest(random: Random) -> Iterator[str]:
    yield call([5], 1)
    yield call([1, 2, 3], 3)
    yield call([1, 2, 3], 9)
    yield call([4, 1, 1, 4], 2)
    for _ in range(3):
        yield call([random.randint(1, 30) for _ in range(25)], random.randint(1, 8))
    yield call(tiled(random, 100_000, 1, 1000), 1234)


def _small_harvest(random: Random) -> Iterator[str]:
    for _ in range(100):
        yield call([random.randint(1, 9) for _ in range(random.randint(1, 8))], random.randint(1, 5))


def _knapsack(random: Random, count: int, capacity: int, heavy: int) -> str:
    items = [[random.randint(1, heavy), random.randint(1, 1000)] for _ in range(count)]
    return stdin([count, capacity], *items)


def _seed_bags(random: Random) -> Iterator[str]:
    yield from ("1 1\n2 5\n", "1 2\n2 5", "2 10\n6 10\n5 9\n", "3 10\n6 13\n5 8\n5 8\n")
    for count in (6, 12, 30):
        yield _knapsack(random, count, 60, 40)
    yield _knapsack(random, 120, 10_000, 400)


def _small_bags(random: Random) -> Iterator[str]:
    for _ in range(60):
        yield _knapsack(random, random.randint(1, 8), random.randint(1, 30), 15)


def _gates(random: Random) -> Iterator[str]:
    yield from ("()\n", ")(\n", "([)]\n", "(\n", "]", "()[]()\n", "[(())]\n")
    for _ in range(4):
        yield "".join(random.choice("()[]") for _ in range(8)) + "\n"
    yield "([" * 500 + "])" * 500 + "\n"
    yield "(" * 100_000 + ")" * 100_000 + "\n"


MEDIUM = (
    Source(
        problem_id="farm_pair_weights",
        title="Balanced pairs",
        difficulty="medium",
        date="2026-03-30",
        statement=example(
            "A crane lifts two sacks at a time and works best when they weigh t together. Print the number of pairs of "
            "sacks (i < j) whose weights add up to t.\n\nInput: n and t (1 <= n <= 200000, 2 <= t <= 2 * 10^9), then "
            "n weights from 1 to 10^9 on one line.",
            "5 6\n1 5 3 3 5",
            "3",
        ),
        public=(("5 6\n1 5 3 3 5\n", "3\n"), ("3 10\n1 2 3\n", "0\n")),
        private=_pair_weights,
        small=_small_pairs,
        packed=True,
    ),
    Source(
        problem_id="farm_rain_ranges",
        title="Rain ledger",
        difficulty="medium",
        date="2026-03-30",
        statement=example(
            "A ledger has the millimetres of rain of n days. Answer q questions: how much rain fell from day l to day "
            "r, both included?\n\nInput: n and q (1 <= n, q <= 100000), then n numbers from 0 to 10^6 on one line, "
            "then q lines with l and r (1 <= l <= r <= n). Print one answer per line.",
            "4 2\n1 0 5 2\n1 3\n3 4",
            "6\n7",
        ),
        public=(("4 2\n1 0 5 2\n1 3\n3 4\n", "6\n7\n"),),
        private=_rain_ranges,
        small=_small_ranges,
        packed=True,
    ),
    Source(
        problem_id="farm_belt_peaks",
        title="Conveyor peaks",
        difficulty="medium",
        date="2026-04-06",
        statement=example(
            "n melons lie on a belt in a row. A window of w neighbouring melons is photographed at each of its "
            "n - w + 1 positions, and the size of the largest melon in it is written down. Print the sum of the "
            "numbers written down.\n\nInput: n and w (1 <= w <= n <= 200000), then n sizes from 1 to 1000 on one line.",
            "5 3\n2 1 4 3 5",
            "13",
        ),
        public=(("5 3\n2 1 4 3 5\n", "13\n"), ("2 1\n6 7\n", "13\n")),
        private=_belt_peaks,
        small=_small_belt,
        packed=True,
    ),
    Source(
        problem_id="farm_next_taller",
        title="Sunflowers in the way",
        difficulty="medium",
        date="2026-04-06",
        statement=(
            "Sunflowers stand in a row, heights from left to right. Return a list that holds for each flower how many "
            "steps to the right the next strictly taller flower stands, or 0 if there is none. There are up to 100000 "
            "flowers.\n\nExample: heights = [2, 1, 3, 3]. The answer is [2, 1, 0, 0].\n"
        ),
        func_name="nextTaller",
        starter_code=method("nextTaller(self, heights: List[int]) -> List[int]"),
        public=((call([2, 1, 3, 3]), "[2, 1, 0, 0]"), (call([5, 6]), "[1, 0]")),
        private=_next_taller,
        small=_small_lists,
        packed=True,
    ),
    Source(
        problem_id="farm_tractor_maze",
        title="Tractor in the orchard",
        difficulty="medium",
        date="2026-04-13",
        statement=example(
            "An orchard is a grid of free cells (.) and trees (#). A tractor starts in the upper left cell and moves "
            "up, down, left or right, never onto a tree. Print the fewest moves that take it to the lower right cell, "
            "or -1 if it cannot get there. Both corners are free.\n\nInput: h and w (1 <= h, w <= 300), then h lines "
            "of w characters.",
            "3 4\n..#.\n#...\n..#.",
            "5",
        ),
        public=(("3 4\n..#.\n#...\n..#.\n", "5\n"), ("1 3\n.#.\n", "-1\n")),
        private=_tractor_maze,
        small=_small_maze,
        packed=True,
    ),
    Source(
        problem_id="farm_two_per_cart",
        title="Two per cart",
        difficulty="medium",
        date="2026-04-13",
        statement=(
            "A cart carries one or two pumpkins that weigh at most capacity together. No pumpkin is heavier than "
            "capacity. Return the smallest number of carts for all pumpkins; there are up to 100000.\n\n"
            "Example: weights = [3, 5, 2, 4], capacity = 6. The answer is 3.\n"
        ),
        func_name="minCarts",
        starter_code=method("minCarts(self, weights: List[int], capacity: int) -> int"),
        public=((call([3, 5, 2, 4], 6), "3"), (call([1, 1], 6), "1")),
        private=_carts,
        small=_small_carts,
        packed=True,
    ),
    Source(
        problem_id="farm_distinct_beds",
        title="No flower twice",
        difficulty="medium",
        date="2026-04-20",
        statement=(
            "beds lists the kind of flower of each bed along a path, up to 100000 beds. Return the length of the "
            "longest stretch of neighbouring beds in which no kind occurs twice.\n\n"
            "Example: beds = [1, 2, 1, 3, 2]. The answer is 3.\n"
        ),
        func_name="longestDistinct",
        starter_code=method("longestDistinct(self, beds: List[int]) -> int"),
        public=((call([1, 2, 1, 3, 2]), "3"), (call([8, 8, 8]), "1")),
        private=_beds,
        small=_small_lists,
        packed=True,
    ),
    Source(
        problem_id="farm_irrigation",
        title="Ditches",
        difficulty="medium",
        date="2026-04-20",
        statement=example(
            "Water shall reach n fields, which are numbered from 1. Ditch i could join the fields a and b for c coins. "
            "Print the fewest coins for which all fields get joined, directly or through others, or impossible if the "
            "ditches do not suffice.\n\nInput: n and m (1 <= n <= 4000, 0 <= m <= 12000), then m lines with a, b and c "
            "(1 <= a, b <= n, 1 <= c <= 10^6).",
            "3 3\n1 2 4\n2 3 1\n1 3 2",
            "3",
        ),
        public=(("3 3\n1 2 4\n2 3 1\n1 3 2\n", "3\n"), ("3 1\n1 2 1\n", "impossible\n")),
        private=_irrigation,
        small=_small_roads,
        packed=True,
    ),
    Source(
        problem_id="farm_split_harvest",
        title="Even days",
        difficulty="medium",
        date="2026-04-27",
        statement=(
            "Rows of a field are harvested in order; row i gives yields[i] sacks (at least 1). The work is split over "
            "at most days days, each taking some neighbouring rows whole. Return the smallest possible number of sacks "
            "of the busiest day. There are up to 100000 rows.\n\n"
            "Example: yields = [4, 3, 2, 6], days = 2. The answer is 8.\n"
        ),
        func_name="busiestDay",
        starter_code=method("busiestDay(self, yields: List[int], days: int) -> int"),
        public=((call([4, 3, 2, 6], 2), "8"), (call([4, 3, 2, 6], 1), "15")),
        private=_harvest,
        small=_small_harvest,
        packed=True,
    ),
    Source(
        problem_id="farm_seed_bags",
        title="Seed bags",
        difficulty="medium",
        date="2026-04-27",
        statement=example(
            "A trolley carries at most c kilograms. Each of n seed bags has a weight and a price and is taken whole or "
            "not at all. Print the highest total price that the trolley can carry.\n\nInput: n and c (1 <= n <= 120, "
            "1 <= c <= 10000), then n lines with weight and price, each from 1 to 1000.",
            "3 5\n3 4\n2 3\n4 6",
            "7",
        ),
        public=(("3 5\n3 4\n2 3\n4 6\n", "7\n"),),
        private=_seed_bags,
        small=_small_bags,
        packed=True,
    ),
    Source(
        problem_id="farm_gates",
        title="Gates in gates",
        difficulty="medium",
        date="2026-05-04",
        statement=example(
            "A walk through nested pens is written with ( and [ for a gate passed inwards, ) and ] for the same kind "
            "passed outwards. Print how deep the walk gets, or -1 if it is impossible: a gate must be left before "
            "the one around it, through its own kind, and the walk ends outside.\n\n"
            "Input: one line with 1 to 200000 of these characters.",
            "([])()",
            "2",
        ),
        public=(("([])()\n", "2\n"), ("(]\n", "-1\n")),
        private=_gates,
        packed=True,
    ),
)
