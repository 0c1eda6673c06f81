"""Problems that need a real algorithm."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from sample_set.source import Source, call, example, method, stdin, tiled


def _row(values: list[int]) -> str:
    return stdin(len(values), values)


def _inversions(random: Random) -> Iterator[str]:
    yield from ("1\n5\n", "2\n1 1\n", "3\n3 2 1", "4\n1 2 3 4\n")
    for _ in range(3):
        yield _row([random.randint(1, 30) for _ in range(50)])
    yield _row(tiled(random, 100_000, 1, 10**9))
    yield _row([2] * 50_000 + [1] * 50_000)


def _small_rows(random: Random) -> Iterator[str]:
    for _ in range(100):
        yield _row([random.randint(1, 8) for _ in range(random.randint(1, 9))])


def _mirrors(random: Random) -> Iterator[str]:
    yield call("a")
    yield call("ab")
    yield call("aaa")
    yield call("abba")
    for letters in ("ab", "abc", "a"):
        yield call("".join(random.choice(letters) for _ in range(60)))
    yield call("a" * 100_000)
    yield call("ab" * 50_000)


def _small_words(random: Random) -> Iterator[str]:
    for _ in range(100):
        yield call("".join(random.choice("ab") for _ in range(random.randint(1, 9))))


def _tolls(random: Random, towns: int, roads: int) -> str:
    edges = [[random.randint(1, towns), random.randint(1, towns), random.randint(0, 30)] for _ in range(roads)]
    return stdin([towns, roads], *edges)


def _toll_coupon(random: Random) -> Iterator[str]:
    yield from ("1 0\n", "2 0\n", "2 1\n1 2 9", "3 2\n1 2 4\n2 3 7\n", "3 3\n1 2 1\n2 3 1\n1 3 5\n")
    for roads in (8, 14, 40):
        yield _tolls(random, 9, roads)
    size = 8000
    chain = [[number, number + 1, 1 + number % 3] for number in range(1, size)]
    jumps = [[number, min(size, number + 50), 90 + number % 7] for number in range(1, size, 2)]
    yield stdin([size, len(chain) + len(jumps)], *chain, *jumps)


def _small_tolls(random: Random) -> Iterator[str]:
    for _ in range(100):
        yield _tolls(random, random.randint(1, 5), random.randint(0, 8))


def _stalls(random: Random, count: int, days: int) -> list[list[int]]:
    stalls = []
    for _ in range(count):
        first = random.randint(1, days)
        stalls.append([first, random.randint(first, days), random.randint(1, 100)])
    return stalls


def _market(random: Random) -> Iterator[str]:
    yield call([])
    yield call([[1, 1, 5]])
    yield call([[1, 3, 5], [3, 4, 6]])
    yield call([[1, 3, 5], [4, 4, 6], [1, 9, 10]])
    for count in (8, 30, 120):
        yield call(_stalls(random, count, 40))
    yield call(_stalls(random, 400, 10**6) * 125)


def _small_market(random: Random) -> Iterator[str]:
    for _ in range(100):
        yield call(_stalls(random, random.randint(0, 7), 9))


def _rabbits(random: Random) -> Iterator[str]:
    yield from ("0 1 1\n", "1 5 3\n", "2 1 1", "3 2 5\n", "10 1000000000 1000000000\n")
    for _ in range(3):
        yield stdin([random.randint(3, 60), random.randint(0, 9), random.randint(0, 9)])
    yield "1000000000000000000 3 2\n"
    yield "999999999999999999 123456789 987654321\n"


def _small_rabbits(random: Random) -> Iterator[str]:
    for _ in range(100):
        yield stdin([random.randint(0, 30), random.randint(0, 9), random.randint(0, 9)])


def _rising(random: Random) -> Iterator[str]:
    yield from ("1\n4\n", "3\n2 2 2\n", "3\n3 2 1", "5\n1 2 3 4 5\n")
    for _ in range(3):
        yield _row([random.randint(1, 40) for _ in range(60)])
    yield _row(tiled(random, 100_000, 1, 10**9, tile=1000))


def _field(rows: list[str]) -> str:
    return stdin([len(rows), len(rows[0])], *rows)


def _random_field(random: Random, height: int, width: int, stones: float) -> str:
    return _field(["".join("*" if random.random() < stones else "." for _ in range(width)) for _ in range(height)])


def _clear_field(random: Random) -> Iterator[str]:
    yield from ("1 1\n.\n", "1 1\n*\n", "2 3\n...\n...", "3 3\n.*.\n...\n.*.\n")
    for stones in (0.1, 0.3, 0.6):
        yield _random_field(random, 14, 11, stones)
    block = ["".join("*" if random.random() < 0.01 else "." for _ in range(40)) for _ in range(40)]
    yield _field([row * 10 for row in block] * 10)
    yield _field(["." * 400] * 400)


def _small_field(random: Random) -> Iterator[str]:
    for _ in range(100):
        yield _random_field(random, random.randint(1, 5), random.randint(1, 5), 0.3)


def _chain(random: Random) -> Iterator[str]:
    yield call([-1])
    yield call([-1, -1, -1])
    yield call([1, 2, -1])
    yield call([-1, 0, 0, 2])
    for size in (12, 60, 300):
        order = list(range(size))
        random.shuffle(order)
        after = [-1] * size
        for place in range(1, size):
            if random.random() < 0.9:
                after[order[place]] = order[random.randrange(max(0, place - 3), place)]
        yield call(after)
    yield call([*range(1, 60_000), -1])


def _small_chain(random: Random) -> Iterator[str]:
    for _ in range(100):
        size = random.randint(1, 8)
        order = list(range(size))
        random.shuffle(order)
        after = [-1] * size
        for place in range(1, size):
            if random.random() < 0.8:
                after[order[place]] = order[random.randrange(place)]
        yield call(after)


def _kinds(random: Random, size: int, questions: int, high: int) -> str:
    block = []
    for _ in range(min(questions, 400)):
        low, top = sorted((random.randint(1, size), random.randint(1, size)))
        block.append([low, top])
    asked = (block * (questions // len(block) + 1))[:questions]
    return stdin([size, questions], tiled(random, size, 1, high, tile=700), *asked)


def _flower_kinds(random: Random) -> Iterator[str]:
    yield from ("1 1\n3\n1 1\n", "3 2\n5 5 5\n1 3\n2 2")
    for _ in range(3):
        yield _kinds(random, 30, 25, 8)
    yield _kinds(random, 40_000, 40_000, 10**9)
    wide = [[1 + number % 50, 40_000 - number % 70] for number in range(40_000)]
    yield stdin([40_000, 40_000], tiled(random, 40_000, 1, 10**9, tile=700), *wide)


def _small_kinds(random: Random) -> Iterator[str]:
    for _ in range(60):
        yield _kinds(random, random.randint(1, 8), random.randint(1, 6), 4)


HARD = (
    Source(
        problem_id="farm_inversions",
        title="Quarrels in the line",
        difficulty="hard",
        date="2026-05-04",
        statement=example(
            "Cows stand in a line. Two cows quarrel if the one further ahead has the larger number. Print the number "
            "of quarrelling pairs.\n\nInput: n (1 <= n <= 100000), then n numbers from 1 to 10^9 on one line, from the "
            "front of the line to its end.",
            "4\n3 1 2 1",
            "4",
        ),
        public=(("4\n3 1 2 1\n", "4\n"), ("3\n1 2 2\n", "0\n")),
        private=_inversions,
        small=_small_rows,
        packed=True,
    ),
    Source(
        problem_id="farm_mirror_songs",
        title="Mirror songs",
        difficulty="hard",
        date="2026-05-11",
        statement=(
            "A bird's song is a string of up to 100000 lower-case letters. Return how many of its substrings read the "
            "same forwards and backwards; equal substrings at different places count separately.\n\n"
            'Example: song = "aba". The answer is 4: a, b, a and aba.\n'
        ),
        func_name="countMirrors",
        starter_code=method("countMirrors(self, song: str) -> int"),
        public=((call("aba"), "4"), (call("xy"), "2")),
        private=_mirrors,
        small=_small_words,
        packed=True,
    ),
    Source(
        problem_id="farm_toll_coupon",
        title="One free toll",
        difficulty="hard",
        date="2026-05-11",
        statement=example(
            "Roads join n towns and can be driven both ways, each for its toll. A coupon makes one road of the journey "
            "free, once. Print the least that a journey from town 1 to town n can cost, or -1 if there is none.\n\n"
            "Input: n and m (1 <= n <= 8000, 0 <= m <= 20000), then m lines with two towns and the toll, from 0 to "
            "1000.",
            "3 3\n1 2 6\n2 3 5\n1 3 20",
            "0",
        ),
        public=(("3 3\n1 2 6\n2 3 5\n1 3 20\n", "0\n"), ("4 3\n1 2 6\n2 3 5\n3 4 4\n", "9\n")),
        private=_toll_coupon,
        small=_small_tolls,
        packed=True,
    ),
    Source(
        problem_id="farm_market_days",
        title="Market stall",
        difficulty="hard",
        date="2026-05-18",
        statement=(
            "offers lists up to 50000 offers [first, last, coins]: the stall can be let from day first to day last, "
            "both included, for that many coins. Two accepted offers must not share a day. Return the most coins that "
            "can be earned.\n\nExample: offers = [[1, 2, 5], [2, 4, 9], [3, 5, 6]]. The answer is 11.\n"
        ),
        func_name="bestOffers",
        starter_code=method("bestOffers(self, offers: List[List[int]]) -> int"),
        public=((call([[1, 2, 5], [2, 4, 9], [3, 5, 6]]), "11"), (call([[4, 4, 1]]), "1")),
        private=_market,
        small=_small_market,
        packed=True,
    ),
    Source(
        problem_id="farm_rabbits",
        title="Rabbits without end",
        difficulty="hard",
        date="2026-05-18",
        statement=example(
            "A hutch has 1 rabbit in month 0 and 1 in month 1. From month 2 on, the number is p times that of the "
            "month before plus q times that of two months before. Print the number in month n, modulo 1000000007.\n\n"
            "Input: one line with n, p and q (0 <= n <= 10^18, 0 <= p, q <= 10^9).",
            "4 1 2",
            "11",
        ),
        public=(("4 1 2\n", "11\n"), ("0 3 3\n", "1\n")),
        private=_rabbits,
        small=_small_rabbits,
    ),
    Source(
        problem_id="farm_rising_fence",
        title="Rising fence",
        difficulty="hard",
        date="2026-05-25",
        statement=example(
            "Some posts of a row are pulled out so that the rest, in their order, rise strictly from left to right. "
            "Print the largest number of posts that can stay.\n\nInput: n (1 <= n <= 100000), then n heights from 1 to "
            "10^9 on one line.",
            "6\n3 1 4 2 2 5",
            "3",
        ),
        public=(("6\n3 1 4 2 2 5\n", "3\n"), ("2\n9 9\n", "1\n")),
        private=_rising,
        small=_small_rows,
        packed=True,
    ),
    Source(
        problem_id="farm_clear_field",
        title="Greenhouse",
        difficulty="hard",
        date="2026-05-25",
        statement=example(
            "A field is a grid of free squares (.) and squares with a stone (*). Print the number of squares of the "
            "largest rectangle without a stone, 0 if there is none.\n\nInput: h and w (1 <= h, w <= 400), then h lines "
            "of w characters.",
            "3 4\n..*.\n....\n*...",
            "6",
        ),
        public=(("3 4\n..*.\n....\n*...\n", "6\n"), ("1 2\n**\n", "0\n")),
        private=_clear_field,
        small=_small_field,
        packed=True,
    ),
    Source(
        problem_id="farm_longest_chain",
        title="Chores in order",
        difficulty="hard",
        date="2026-06-01",
        statement=(
            "Chores are numbered from 0. after[i] is the chore that must be done before chore i, or -1 if there is "
            "none; no chore waits for itself, however indirectly. Return the number of chores of the longest chain in "
            "which each waits for the one before. There are up to 60000 chores, and a chore may wait for one with a "
            "higher number.\n\nExample: after = [2, -1, 1, 1]. The answer is 3: chores 1, 2, 0.\n"
        ),
        func_name="longestChain",
        starter_code=method("longestChain(self, after: List[int]) -> int"),
        public=((call([2, -1, 1, 1]), "3"), (call([-1, -1]), "1")),
        private=_chain,
        small=_small_chain,
        packed=True,
    ),
    Source(
        problem_id="farm_flower_kinds",
        title="Kinds along the path",
        difficulty="hard",
        date="2026-06-01",
        statement=example(
            "Flowers stand along a path, each of a kind given as a number. Answer q questions: how many different "
            "kinds stand from place l to place r, both included?\n\nInput: n and q (1 <= n, q <= 40000), then n kinds "
            "from 1 to 10^9 on one line, then q lines with l and r (1 <= l <= r <= n). Print one answer per line.",
            "5 3\n1 2 1 3 2\n1 3\n2 4\n1 5",
            "2\n3\n3",
        ),
        public=(("5 3\n1 2 1 3 2\n1 3\n2 4\n1 5\n", "2\n3\n3\n"),),
        private=_flower_kinds,
        small=_small_kinds,
        packed=True,
    ),
)
