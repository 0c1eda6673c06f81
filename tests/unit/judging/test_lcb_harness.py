"""Mode `lcb` from a program to its verdict, without a sandbox: the child's side in a plain process.

What the original graders say of each kind of program is in tests/corpus/lcb; here is what the harness
promises beside that.
"""

from __future__ import annotations

import pytest

from farm.records import Verdict
from farm.sandbox.inside.header import TEXT
from farm.sandbox.inside.modes.lcb_load import functional_text, stdin_text
from tests.unit.judging.session import judged

ADD = [("20 22\n", "42\n"), ("1 2\n", "3\n")]


def test_a_right_program() -> None:
    evaluation = judged("print(sum(map(int, input().split())))", ADD)
    assert (evaluation.verdict, evaluation.first_failure, len(evaluation.cases)) == (Verdict.PASSED, None, 2)
    assert evaluation.cases[1].stdout_excerpt == "3\n"


def test_a_right_function() -> None:
    evaluation = judged(
        "class Solution:\n def add(self, a, b): return a + b", [("1\n2", "3"), ("[1]\n[2]", "[1, 2]")], "add"
    )
    assert evaluation.verdict is Verdict.PASSED


@pytest.mark.parametrize("variant", ["official", "tt"])
def test_syntax_errors_are_told_from_other_failures_to_load(variant: str) -> None:
    wrong = judged("print(1", ADD, variant=variant)
    assert (wrong.verdict, wrong.first_failure) == (Verdict.SYNTAX_ERROR, 0)
    assert "line 1" in wrong.detail
    # Python, but not in the function that the grader makes of it
    moved = judged("from __future__ import annotations\nprint(3)", ADD, variant=variant)
    assert (moved.verdict, moved.first_failure) == (Verdict.RUNTIME_ERROR, 0)


def test_no_text_of_a_program_breaks_the_harness() -> None:
    for source in (
        "\x00",
        "\ud800",
        "\ufeff",
        "(" * 1_000,
        "-" * 50_000 + "1",
        "x = " + "[" * 300,
        "é" * 100,
        "\\",
        "'''",
    ):
        assert judged(source, ADD).verdict in (Verdict.SYNTAX_ERROR, Verdict.RUNTIME_ERROR, Verdict.WRONG_ANSWER)


def test_the_alarm() -> None:
    evaluation = judged("a, b = map(int, input().split())\nwhile a == 1: pass\nprint(a + b)", ADD, seconds=1)
    assert (evaluation.verdict, evaluation.first_failure) == (Verdict.TIME_LIMIT, 1)
    assert evaluation.cases[1].limit is None


def test_a_program_cannot_put_the_alarm_off() -> None:
    evaluation = judged("import signal\nsignal.alarm(0)\nsignal.alarm(60)\nwhile True: pass", ADD, seconds=1)
    assert (evaluation.verdict, evaluation.cases[0].limit) == (Verdict.TIME_LIMIT, None)


def test_an_alarm_of_the_program_s_own_rings_too() -> None:
    evaluation = judged("import signal\nsignal.alarm(1)\nwhile True: pass", ADD, seconds=18)
    assert (evaluation.verdict, evaluation.cases[0].limit) == (Verdict.TIME_LIMIT, None)


def test_a_program_that_catches_the_alarm_goes_on() -> None:
    source = "try:\n while True: pass\nexcept BaseException: pass\nprint(sum(map(int, input().split())))"
    assert judged(source, ADD[:1], variant="tt", seconds=1).verdict is Verdict.PASSED
    assert judged(source, ADD[:1], variant="official", seconds=1).verdict is Verdict.WRONG_ANSWER  # the alarm prints


def test_without_the_alarm_the_worker_ends_it() -> None:
    ignoring = "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True: pass"
    evaluation = judged(ignoring, ADD, seconds=1)
    assert (evaluation.verdict, evaluation.first_failure) == (Verdict.TIME_LIMIT, 0)
    assert evaluation.cases[0].limit == "wall"


def test_a_program_may_break_what_it_likes() -> None:
    """A right program that patches modules stays right: the harness has bound what it needs before."""
    source = """
import io, json, os, signal, sys, threading
print(sum(map(int, input().split())))
json.dumps = json.loads = json.JSONDecoder = None
io.StringIO = io.TextIOWrapper = os.write = os.read = os.environ = None
sys.getrecursionlimit = lambda: 1
sys.modules.clear()
"""
    assert judged(source, ADD[:1]).verdict is Verdict.PASSED


def test_a_low_recursion_limit_is_the_program_s_own_affair() -> None:
    source = """
import sys
class Solution:
    def f(self, n):
        sys.setrecursionlimit(60)
        for _ in range(150):
            n = [n]
        return n
"""
    expected = "[" * 150 + "1" + "]" * 150
    assert judged(source, [("1", expected), ("1", expected)], "f").verdict is Verdict.PASSED


def test_inputs_keep_their_bytes() -> None:
    source = "import sys\ns = sys.stdin.read()\nprint(ascii(s))"
    assert judged(source, [("é\r\n\u2028x", "'\\xe9\\r\\n\\u2028x'")]).verdict is Verdict.PASSED


def test_output_of_every_kind_arrives() -> None:
    source = "n = int(input())\nprint('x' * n + chr(0) + chr(0x1F600) + chr(0xD800))"
    assert judged(source, [("3000000", "x" * 3_000_000 + "\0\U0001f600\ud800")]).verdict is Verdict.PASSED


def test_printing_from_a_function_is_not_collected() -> None:
    source = "print('at load')\ndef f(n):\n print('x' * n)\n return n"
    assert judged(source, [("1000000", "1000000")], "f").verdict is Verdict.PASSED


def test_stop_all_shows_every_test() -> None:
    evaluation = judged("a = input().split()\nprint(3)", [*ADD, *ADD], stop="all")
    assert [case.verdict.name for case in evaluation.cases] == ["WRONG_ANSWER", "PASSED"] * 2
    assert evaluation.first_failure == 0


def test_the_rewritten_texts() -> None:
    text = stdin_text("import os\nx = 1  # note\nif __name__ == '__main__':\n    print(x)\n")
    assert text == (True, "import os\ndef wrapped_function():\n    x = 1\n    print(x)")
    assert stdin_text("not python at all") == (False, "not python at all")
    assert functional_text("# kept") == (True, "# kept")


def test_the_header_s_names_are_as_if_it_were_executed_in_the_child() -> None:
    source = f"""
mine = dict(globals())
fresh = {{"__name__": "tmp_sol"}}
exec({TEXT!r}, fresh)
different = [name for name, value in fresh.items() if name not in mine or mine[name] is not value]
class Solution:
    def f(self, n):
        return different, __name__, __doc__, "__file__" in globals(), sys.getrecursionlimit()
"""
    for variant in ("official", "tt"):
        evaluation = judged(source, [("1", '[[], "tmp_sol", "", false, 50000]')], "f", variant=variant)
        assert evaluation.verdict is Verdict.PASSED, evaluation


def test_the_program_s_first_statement_is_not_the_text_s() -> None:
    """The header is: so an import from `__future__` is an error, and a docstring is none."""
    future = judged("from __future__ import annotations\ndef f(n): return n", [("1", "1")], "f")
    assert (future.verdict, future.first_failure) == (Verdict.RUNTIME_ERROR, 0)
    assert judged("'text'\ndef f(n): return __doc__", [("1", '""')], "f").verdict is Verdict.PASSED
    assert judged("  x = 1\ndef f(n): return n", [("1", "1")], "f").verdict is Verdict.SYNTAX_ERROR


@pytest.mark.parametrize("limit", [40, 100, 1_000])
def test_the_recursion_limit_counts_the_grader_s_frames(limit: int) -> None:
    """As deep as under the original (measured: 34 frames up to a program's own code), give or take two."""
    source = f"""
import sys
sys.setrecursionlimit({limit})
def down(n):
    try:
        return down(n + 1)
    except RecursionError:
        return n
print(abs(down(1) - {limit - 34}) <= 2)
"""
    assert judged(source, [("", "True")]).verdict is Verdict.PASSED


def test_an_array_that_starts_as_expected_fails_at_the_next_test() -> None:
    """As by the two codes that the original writes for it; at the last test there is no next one."""
    pytest.importorskip("numpy")
    array = "import numpy\ndef f(x): return numpy.array(x)"
    for tests, failure in (
        ([("[1, 2]", "[1, 2]"), ("[1, 2]", "[1, 2]")], 1),
        ([("[1, 2]", "[1, 2]")], 0),
        ([("[1, 2]", "[3, 2]"), ("[1, 2]", "[1, 2]")], 0),
        ([("[1]", "[1]"), ("[1, 2]", "[1, 3]"), ("[1]", "[1]")], 2),
    ):
        found = judged(array, tests, "f")
        assert (found.verdict, found.first_failure) == (Verdict.RUNTIME_ERROR, failure), found
    assert judged(array, [("[1, 2]", "[1, 2]")] * 2, "f", variant="tt").first_failure == 0


@pytest.mark.parametrize(
    ("program", "official", "before"),
    [
        ("import sys\nprint(sum(int(line) for line in sys.stdin))", False, True),
        ("import sys\nn = int(sys.stdin.readline())\nprint(n + int(sys.stdin.read()))", False, True),
        ("n = int(input())\nimport sys\nprint(n + sum(map(int, sys.stdin.readlines())))", False, True),
        ("import sys\nprint(sum(map(int, sys.stdin.buffer.read().split())))", True, False),
        ("import sys\nprint(sum(map(int, sys.stdin.read().split())))", True, True),
        ("print(int(input()) + int(input()))", True, True),
    ],
)
def test_the_official_grader_s_stdin_until_may_2025(program: str, official: bool, before: bool) -> None:
    """What its commit 16de2a1 changed: the results were taken from both graders (scripts/lcb_differential.py)."""
    for variant, passes in (("official", official), ("official-2025-01", before)):
        found = judged(program, [("3\n4\n", "7")], variant=variant)
        assert (found.verdict is Verdict.PASSED) == passes, (variant, found)


def test_the_older_official_grader_is_the_same_otherwise() -> None:
    big = judged("print(10 ** 49_999)", [("", f"1{'0' * 49_999}")], variant="official-2025-01")
    assert big.verdict is Verdict.PASSED
    slow = judged(
        "try:\n while True: pass\nexcept Exception: print(1)", [("", "1")], variant="official-2025-01", seconds=1
    )
    assert slow.verdict is Verdict.WRONG_ANSWER  # the alarm's line is in the output
    array = "import numpy\ndef f(x): return numpy.array(x)"
    pytest.importorskip("numpy")
    assert judged(array, [("[1, 2]", "[1, 2]")] * 2, "f", variant="official-2025-01").first_failure == 1
