"""Problems and their tests."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from farm.records.base import Difficulty, Record, is_blank, is_empty, is_false, is_none


class TestCase(Record):
    """One test. `input` is a program's standard input, or one JSON value per line and argument."""

    __test__ = False  # not a pytest class

    input: str
    output: str
    public: bool = True


class AnswerRule(Record):
    """Which answers besides the expected one are right, as a problem's statement says. Mode `judge` alone uses it.

    A number may be off by `absolute`, or by `relative` times the expected one, unless the expected token is one of
    `exact`. `checker` names the function that decides about an answer that differs, as `benchmark/name@version`.
    """

    absolute: Annotated[float, Field(gt=0, lt=1)] | None = Field(default=None, exclude_if=is_none)
    relative: Annotated[float, Field(gt=0, lt=1)] | None = Field(default=None, exclude_if=is_none)
    exact: tuple[str, ...] = Field(default=(), exclude_if=is_empty)
    any_case: bool = Field(default=False, exclude_if=is_false)  # YES, yes, Yes
    any_order: bool = Field(default=False, exclude_if=is_false)  # of the items of a returned list
    checker: str = Field(default="", exclude_if=is_blank)
    interactive: bool = Field(default=False, exclude_if=is_false)  # needs a judge that answers: no test can

    @property
    def tolerant(self) -> bool:
        return self.absolute is not None or self.relative is not None


class Asserts(Record):
    """What tests that are Python need besides the tests: mode `asserts`, docs/benchmarks.md.

    Such a test's `input` is Python that raises unless the program is right; its `output` is empty. The
    names in `calls` stand for the program's functions and classes there.
    """

    calls: Annotated[tuple[str, ...], Field(min_length=1)]
    prompt: str = ""  # code that a completion continues; its other functions are known to the tests
    setup: str = ""  # executed once before the tests
    classes: str = Field(default="", exclude_if=is_blank)  # Python: those that tests define and programs may use
    # A program that passes the tests, if the dataset has one: it tells whether tests that raise are themselves at fault
    solution: str = Field(default="", exclude_if=is_blank)


class Problem(Record):
    """One problem with its tests, public ones first. Functional if `func_name` is set."""

    problem_id: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\s#\x00-\x1f]+$")]
    title: str
    statement: str
    platform: str
    difficulty: Difficulty = Difficulty.UNKNOWN
    contest_id: str = ""
    contest_date: str = ""  # ISO 8601, empty if unknown
    starter_code: str = ""
    func_name: str | None = None
    ask: str = Field(default="", exclude_if=is_blank)  # what an answer completes, where that is no program
    tests: tuple[TestCase, ...]
    asserts: Asserts | None = Field(default=None, exclude_if=is_none)
    answers: AnswerRule | None = Field(default=None, exclude_if=is_none)  # None: the expected output alone is right

    @property
    def functional(self) -> bool:
        return self.func_name is not None

    def suite(self) -> Suite:
        """What an execute worker gets of this problem. Raises pydantic's ValidationError if it has no tests."""
        return Suite(func_name=self.func_name, tests=self.tests, asserts=self.asserts, answers=self.answers)


class Suite(Record):
    """What an execute worker needs of a problem: its tests and how to call the program."""

    func_name: str | None
    tests: Annotated[tuple[TestCase, ...], Field(min_length=1)]
    asserts: Asserts | None = Field(default=None, exclude_if=is_none)  # the tests are Python
    answers: AnswerRule | None = Field(default=None, exclude_if=is_none)

    @property
    def own_code(self) -> str:
        """The problem's own code, which the answers of some protocols continue; empty if it has none."""
        return self.asserts.prompt if self.asserts is not None else ""
