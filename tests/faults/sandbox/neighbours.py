"""Completions for a run in which every eleventh program attacks its host, its worker or its neighbours."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.hostile.program import read_program
from tests.support.data import ROOT

HONEST, HOSTILE = 300, 30
NUMBERS = 4_000_000  # that the problem `numbers` wants on one line: 8 MB, and 16 MB written as 1.0
PROGRAMS = ROOT / "tests" / "hostile" / "programs"
_PRELUDE = (PROGRAMS / "_prelude.py").read_text(encoding="utf-8")
_BURN = "import time\nend = time.process_time() + 0.1\nwhile time.process_time() < end: pass\n"


@dataclass(frozen=True, slots=True)
class Mode:
    """A judge mode: its dataset, its honest programs by turns, and its attacks as (problem, program)."""

    words: tuple[str, ...]  # of `farm grade`
    rows: Sequence[dict[str, object]]
    honest: Sequence[tuple[str, str]]
    hostile: Sequence[tuple[str, str]]

    def dataset(self, folder: Path) -> Path:
        return _write(folder / "problems.jsonl", self.rows)

    def completions(self, path: Path, *, hostile: bool) -> tuple[Path, frozenset[tuple[str, int]]]:
        """The file of completions, and which samples in it attack."""
        honest, attacks = itertools.cycle(self.honest), itertools.cycle(self.hostile)
        counts: dict[str, int] = {}
        rows: list[dict[str, object]] = []
        attackers = set()
        for place in range(HONEST + HOSTILE):
            attacks_now = place % 11 == 10
            if attacks_now and not hostile:
                continue
            problem, code = next(attacks if attacks_now else honest)
            # Honest samples come before all attacks in the numbering, so that their names are those of the other run
            series = f"{problem} {attacks_now}"
            index = counts.get(series, 1000 if attacks_now else 0)
            counts[series] = index + 1
            if attacks_now:
                attackers.add((problem, index))
            rows.append({"question_id": problem, "index": index, "code": f"{code}\n# {place}\n"})
        return _write(path, rows), frozenset(attackers)


def _write(path: Path, rows: Sequence[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def _problem(name: str, given: str, wanted: str, func: str = "") -> dict[str, object]:
    kind = "functional" if func else "stdin"
    return {
        "question_title": name, "question_content": f"Solve {name}.", "platform": "farm", "question_id": name,
        "contest_id": "farm", "contest_date": "2026-01-05T00:00:00", "difficulty": "easy",
        "starter_code": f"class Solution:\n    def {func}(self, value):\n" if func else "",
        "public_test_cases": json.dumps([{"input": given, "output": wanted, "testtype": kind}]),
        "private_test_cases": "[]", "metadata": json.dumps({"func_name": func} if func else {}),
    }  # fmt: skip


def _of_the_suite(problem: str, *names: str) -> Iterator[tuple[str, str]]:
    for name in names:
        program = read_program(PROGRAMS / f"{name}.py")
        yield problem, (_PRELUDE if program.header.get("prelude", True) else "") + program.source


_SLEEPERS = """
import threading, time
for _ in range(2): threading.Thread(target=time.sleep, args=(600,)).start()
"""
_SOLVES = "print(sum(map(int, input().split())))"
_TEXTS = Mode(
    words=(),
    rows=(
        _problem("total", "1 2 3", "6"),
        _problem("answer", "1", "[[]]", "answer"),
        _problem("numbers", "", "1 " * NUMBERS),
    ),
    honest=(
        ("total", _BURN + _SOLVES),
        ("total", _BURN + "print(7)"),
        ("answer", _BURN + "def answer(value): return [[]]"),
        ("total", _BURN + "print(1 // 0)"),
    ),
    hostile=(
        *_of_the_suite("total", "19_buffers_of_many_threads", "00_memory_in_flight", "10_buys_time_by_name"),
        ("total", _SLEEPERS + "threading.Event().wait()"),
        ("total", _SLEEPERS),  # its main thread has ended
        *_of_the_suite("total", "10_buys_time_with_threads", "23_endless_stdout", "25_wide_characters"),
        *_of_the_suite("answer", "53_array_of_arrays", "53_deep_list", "53_deep_dict", "53_huge_integer"),
        *_of_the_suite("answer", "53_many_empty_values", "53_many_short_strings", "53_huge_result"),
        ("answer", "def answer(value): return int('7' * 4000) ** 15"),  # 60,000 digits
        ("numbers", f"print('1.0 ' * {NUMBERS})"),
        ("numbers", f"print('1.0 ' * {NUMBERS - 1} + '2')"),
    ),
)
_HUGE = "class Huge(int):\n    def __new__(cls, *_): return super().__new__(cls, int('7' * 4000) ** 15)\n"
_CALLS = Mode(
    words=(),
    rows=(
        {
            "task_id": "Farm/0", "prompt": "def f(n):\n    \"\"\"Square it.\"\"\"\n", "entry_point": "f",
            "canonical_solution": "    return n * n\n",
            "test": "def check(candidate):\n    assert candidate(3) == 9\n    assert list([candidate(4)]) == [16]\n",
        },
    ),
    honest=(
        ("Farm/0", _BURN + "def f(n): return n * n"),
        ("Farm/0", _BURN + "def f(n): return n + 6"),
        ("Farm/0", _BURN + "def f(n): raise ValueError(n)"),
    ),
    hostile=tuple(
        ("Farm/0", code)
        for code in (
            _HUGE + "def f(n): return Huge()",
            "def f(n): return int('7' * 4000) ** 15",
            "def f(n):\n    deep = []\n    for _ in range(100_000): deep = [deep]\n    return deep",
            "def f(n): return [{} for _ in range(1_800_000)]",
            "def f(n): raise RuntimeError('timeoutexception')",
            _SLEEPERS + "def f(n): threading.Event().wait()",
            "def f(n):\n    while True: yield n",
        )
    ),
)  # fmt: skip
MODES = {"judge": _TEXTS, "lcb": _TEXTS, "asserts": _CALLS}
