"""Problems that a model of 135 million parameters may solve: short, direct, each with an example."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from sample_set.source import Inputs, Source, call, example, method


def _fixed(*inputs: str) -> Inputs:
    def inputs_of(_: Random) -> Iterator[str]:
        return iter(inputs)

    return inputs_of


TRIVIAL = (
    Source(
        problem_id="farm_hello",
        title="Hello, farm",
        difficulty="easy",
        date="2026-01-05",
        statement="Write one line of Python that prints Hello, farm!\n\nExample output:\nHello, farm!\n",
        public=(("", "Hello, farm!\n"),),
        private=_fixed("", "\n"),
    ),
    Source(
        problem_id="farm_seven",
        title="The number seven",
        difficulty="easy",
        date="2026-01-05",
        statement="Write a Python program that prints the number 7.\n\nExample output:\n7\n",
        public=(("", "7\n"),),
        private=_fixed("", "\n"),
    ),
    Source(
        problem_id="farm_echo",
        title="Echo",
        difficulty="easy",
        date="2026-01-12",
        statement=example(
            "Read one line and print it.\n\nThe program begins with:\nline = input()", "good morning", "good morning"
        ),
        public=(("good morning\n", "good morning\n"), ("moo", "moo\n")),
        private=_fixed("a b c\n", "12345\n", "Hay, straw & oats!\n", "x" * 5000 + "\n"),
    ),
    Source(
        problem_id="farm_sum_two",
        title="Sum of two numbers",
        difficulty="easy",
        date="2026-01-12",
        statement=example("Print a + b.\n\nThe program begins with:\na, b = map(int, input().split())", "2 3", "5"),
        public=(("2 3\n", "5\n"), ("10 20\n", "30\n")),
        private=_fixed("0 0\n", "-4 4\n", "100 -1", "999999999999 1\n", "-7 -8\n"),
    ),
    Source(
        problem_id="farm_double",
        title="Double",
        difficulty="easy",
        date="2026-01-19",
        statement=example("Print 2 * n.\n\nThe program begins with:\nn = int(input())", "4", "8"),
        public=(("4\n", "8\n"), ("0\n", "0\n")),
        private=_fixed("1\n", "-3\n", "50", "123456789012345678901234567890\n"),
    ),
    Source(
        problem_id="farm_square",
        title="Square",
        difficulty="easy",
        date="2026-01-19",
        statement=example("Print n * n.\n\nThe program begins with:\nn = int(input())", "5", "25"),
        public=(("5\n", "25\n"), ("2\n", "4\n")),
        private=_fixed("0\n", "1\n", "-6\n", "1000000007\n"),
    ),
    Source(
        problem_id="farm_reverse",
        title="Reverse a word",
        difficulty="easy",
        date="2026-01-26",
        statement=example("Print word reversed.\n\nThe program begins with:\nword = input()", "goat", "taog"),
        public=(("goat\n", "taog\n"), ("abc\n", "cba\n")),
        private=_fixed("a\n", "level\n", "ducks", "tractor\n", "ab" * 1000 + "\n"),
    ),
    Source(
        problem_id="farm_length",
        title="Length of a word",
        difficulty="easy",
        date="2026-01-26",
        statement=example(
            "Print the number of letters in word.\n\nThe program begins with:\nword = input()", "goose", "5"
        ),
        public=(("goose\n", "5\n"), ("cow\n", "3\n")),
        private=_fixed("a\n", "wheat\n", "hh", "z" * 777 + "\n"),
    ),
    Source(
        problem_id="farm_upper",
        title="Capital letters",
        difficulty="easy",
        date="2026-02-02",
        statement=example("Print word in upper case.\n\nThe program begins with:\nword = input()", "barn", "BARN"),
        public=(("barn\n", "BARN\n"), ("Corn\n", "CORN\n")),
        private=_fixed("a\n", "SILO\n", "mIxEd", "plough\n"),
    ),
    Source(
        problem_id="farm_larger",
        title="The larger number",
        difficulty="easy",
        date="2026-02-02",
        statement=example(
            "Print the larger one of a and b.\n\nThe program begins with:\na, b = map(int, input().split())", "3 9", "9"
        ),
        public=(("3 9\n", "9\n"), ("8 1\n", "8\n")),
        private=_fixed("5 5\n", "-2 -9\n", "0 -1\n", "9 10", "100 99\n"),
    ),
    Source(
        problem_id="farm_even_odd",
        title="Even or odd",
        difficulty="easy",
        date="2026-02-09",
        statement=example(
            "Print even if n is even. Print odd if n is odd.\n\nThe program begins with:\nn = int(input())", "4", "even"
        ),
        public=(("4\n", "even\n"), ("7\n", "odd\n")),
        private=_fixed("0\n", "1\n", "-3\n", "-8\n", "1000000000001"),
    ),
    Source(
        problem_id="farm_count_up",
        title="Count up",
        difficulty="easy",
        date="2026-02-09",
        statement=example(
            "Print the numbers from 1 to n, each on its own line.\n\nThe program begins with:\nn = int(input())",
            "3",
            "1\n2\n3",
        ),
        public=(("3\n", "1\n2\n3\n"), ("1\n", "1\n")),
        private=_fixed("2\n", "10\n", "17", "300\n"),
    ),
    Source(
        problem_id="farm_greeting",
        title="Greeting",
        difficulty="easy",
        date="2026-02-16",
        statement=example("Print Hello and the name.\n\nThe program begins with:\nname = input()", "Ada", "Hello Ada"),
        public=(("Ada\n", "Hello Ada\n"), ("Bob\n", "Hello Bob\n")),
        private=_fixed("Grace\n", "Li", "Old MacDonald\n"),
    ),
    Source(
        problem_id="farm_add",
        title="Add",
        difficulty="easy",
        date="2026-02-16",
        statement="Return the sum of a and b.\n\nExample: a = 2, b = 3. The answer is 5.\n",
        func_name="add",
        starter_code=method("add(self, a: int, b: int) -> int"),
        public=((call(2, 3), "5"), (call(0, 7), "7")),
        private=_fixed(call(0, 0), call(-5, 3), call(10**20, 1)),
    ),
    Source(
        problem_id="farm_last_item",
        title="Last item",
        difficulty="easy",
        date="2026-02-23",
        statement="Return the last item of the list items.\n\nExample: items = [4, 5, 6]. The answer is 6.\n",
        func_name="lastItem",
        starter_code=method("lastItem(self, items: List[int]) -> int"),
        public=((call([4, 5, 6]), "6"), (call([1]), "1")),
        private=_fixed(call([3, -2]), call([0, 0, 9, 9, 1]), call(list(range(100)))),
    ),
    Source(
        problem_id="farm_is_even",
        title="Is it even?",
        difficulty="easy",
        date="2026-02-23",
        statement="Return True if n is even. Return False if n is odd.\n\nExample: n = 4. The answer is True.\n",
        func_name="isEven",
        starter_code=method("isEven(self, n: int) -> bool"),
        public=((call(4), "true"), (call(5), "false")),
        private=_fixed(call(0), call(-1), call(-10), call(10**12 + 1)),
    ),
    Source(
        problem_id="farm_shout",
        title="Shout",
        difficulty="easy",
        date="2026-03-02",
        statement='Return the string word with "!" behind it.\n\nExample: word = "moo". The answer is "moo!".\n',
        func_name="shout",
        starter_code=method("shout(self, word: str) -> str"),
        public=((call("moo"), '"moo!"'),),
        private=_fixed(call("a"), call(""), call("wow!"), call("h\u00fchner")),
    ),
)
