"""Problems of one idea and a few lines."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from sample_set.source import Source, call, example, method, stdin, tiled


def _egg_boxes(random: Random) -> Iterator[str]:
    yield from ("0 6\n", "6 6\n", "5 6", "1 1\n", "1000000000000000000 7\n")
    for _ in range(4):
        yield stdin([random.randint(0, 10**6), random.randint(1, 40)])


def _fence_runs(random: Random) -> Iterator[str]:
    yield from ("a\n", "zzzz", "abab\n", "aabba\n")
    for size in (10, 60):
        yield "".join(random.choice("rgb") for _ in range(size)) + "\n"
    yield ("r" * 7 + "g") * 12_500 + "\n"


def _bells(random: Random) -> Iterator[str]:
    yield from ("00:00 0\n", "23:59 1\n", "12:00 1440", "09:05 55\n", "23:00 100000\n")
    for _ in range(4):
        yield f"{random.randrange(24):02}:{random.randrange(60):02} {random.randint(0, 5000)}\n"


def _favourite(random: Random) -> Iterator[str]:
    yield from ("1\ncow\n", "2\npig\ncow\n", "3\nb\na\nb", "4\nzebra\nant\nzebra\nant\n")
    names = ["cow", "pig", "hen", "goat", "goose", "duck", "horse", "sheep"]
    for size in (20, 200):
        yield stdin(size, *(random.choice(names) for _ in range(size)))
    yield stdin(100_000, *(f"animal{number % 200}" for number in range(100_000)))


def _heavy(random: Random) -> Iterator[str]:
    yield call([], 3)
    yield call([3, 3, 3], 3)
    yield call([4], 3)
    for size in (10, 300):
        yield call([random.randint(0, 100) for _ in range(size)], random.randint(0, 100))
    yield call(tiled(random, 50_000, 0, 1000), 500)


def _dry(random: Random) -> Iterator[str]:
    yield call([])
    yield call([0])
    yield call([5])
    yield call([0, 0, 0])
    for size in (12, 200):
        yield call([random.choice((0, 0, 0, 4)) for _ in range(size)])
    yield call([0] * 30_000 + [1] + [0] * 30_001)


def _queues(random: Random) -> Iterator[str]:
    yield call([], [])
    yield call([], [1])
    yield call([2, 2], [2])
    yield call([5, 6], [1, 2])
    for size in (8, 100):
        yield call(*(sorted(random.randint(-50, 50) for _ in range(size)) for _ in range(2)))
    yield call([1] * 30_000, [0] * 30_000 + [2] * 10)


EASY = (
    Source(
        problem_id="farm_egg_boxes",
        title="Egg boxes",
        difficulty="easy",
        date="2026-03-02",
        statement=example(
            "Maria has n eggs and fills boxes that hold b eggs each. Print how many boxes are full and how many eggs "
            "are left over, on one line.\n\nInput: one line with n and b (0 <= n <= 10^18, 1 <= b <= 10^9).",
            "20 6",
            "3 2",
        ),
        public=(("20 6\n", "3 2\n"), ("12 4\n", "3 0\n")),
        private=_egg_boxes,
    ),
    Source(
        problem_id="farm_fence_runs",
        title="Painted fence",
        difficulty="easy",
        date="2026-03-09",
        statement=example(
            "Each board of a fence has a colour, written as a lower-case letter. Neighbouring boards of one colour "
            "form a stretch. Print the number of stretches.\n\nInput: one line with 1 to 100000 letters.",
            "rrgggr",
            "3",
        ),
        public=(("rrgggr\n", "3\n"), ("b\n", "1\n")),
        private=_fence_runs,
        packed=True,
    ),
    Source(
        problem_id="farm_bells",
        title="Barn clock",
        difficulty="easy",
        date="2026-03-09",
        statement=example(
            "The barn clock shows hours and minutes from 00:00 to 23:59. It shows a time now; what does it show m "
            "minutes later?\n\nInput: one line with the time as HH:MM and m (0 <= m <= 100000). "
            "Print the time as HH:MM.",
            "22:50 75",
            "00:05",
        ),
        public=(("22:50 75\n", "00:05\n"), ("06:00 30\n", "06:30\n")),
        private=_bells,
    ),
    Source(
        problem_id="farm_favourite",
        title="Most seen animal",
        difficulty="easy",
        date="2026-03-16",
        statement=example(
            "A camera wrote down each animal that passed. Print the name that occurs most often. If several do, print "
            "the one that comes first in alphabetical order.\n\nInput: n (1 <= n <= 100000), then n lines with a name "
            "of lower-case letters and digits each.",
            "4\ngoat\nhen\ngoat\ncow",
            "goat",
        ),
        public=(("4\ngoat\nhen\ngoat\ncow\n", "goat\n"), ("2\nhen\ncow\n", "cow\n")),
        private=_favourite,
        packed=True,
    ),
    Source(
        problem_id="farm_heavy_crates",
        title="Heavy crates",
        difficulty="easy",
        date="2026-03-16",
        statement=(
            "Given the list weights and a number limit, return how many weights are greater than limit.\n\n"
            "Example: weights = [5, 1, 8], limit = 4. The answer is 2.\n"
        ),
        func_name="countHeavy",
        starter_code=method("countHeavy(self, weights: List[int], limit: int) -> int"),
        public=((call([5, 1, 8], 4), "2"), (call([1, 2], 9), "0")),
        private=_heavy,
        packed=True,
    ),
    Source(
        problem_id="farm_dry_spell",
        title="Dry spell",
        difficulty="easy",
        date="2026-03-23",
        statement=(
            "rain holds the millimetres of rain of each day, none below 0. Return the length of the longest row of "
            "consecutive days without rain.\n\nExample: rain = [0, 3, 0, 0, 1]. The answer is 2.\n"
        ),
        func_name="longestDrySpell",
        starter_code=method("longestDrySpell(self, rain: List[int]) -> int"),
        public=((call([0, 3, 0, 0, 1]), "2"), (call([2, 2]), "0")),
        private=_dry,
        packed=True,
    ),
    Source(
        problem_id="farm_merge_queues",
        title="Two queues",
        difficulty="easy",
        date="2026-03-23",
        statement=(
            "first and second are lists of numbers, each in ascending order. Return one list with all numbers of both, "
            "in ascending order.\n\nExample: first = [1, 4], second = [2, 3, 9]. The answer is [1, 2, 3, 4, 9].\n"
        ),
        func_name="mergeQueues",
        starter_code=method("mergeQueues(self, first: List[int], second: List[int]) -> List[int]"),
        public=((call([1, 4], [2, 3, 9]), "[1, 2, 3, 4, 9]"), (call([], [7]), "[7]")),
        private=_queues,
        packed=True,
    ),
)
