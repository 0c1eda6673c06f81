"""The differential corpus through the real sandbox: true verdicts in `judge`, the originals' in `lcb`."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from farm.errors import DatasetError
from farm.judging.open import open_sandbox
from farm.records import JudgeSpec, Limits, Suite, TestCase, Verdict
from farm.sandbox.api import Evaluation, Sandbox
from farm.scoring.lcb_codes import to_lcb
from tests.corpus.lcb.cases import Case, load_cases, load_golden

CASES = load_cases()
GOLDEN = load_golden()
LIMITS = Limits()
# Programs that run until they are stopped: the same verdicts, sooner.
SHORT = Limits(cpu_s=2, wall_s=6)
UNTIL_STOPPED = {"alarm-switched-off", "alarm-ignored"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with open_sandbox() as opened:
        yield opened


def evaluated(sandbox: Sandbox, case: Case, judge: JudgeSpec) -> Evaluation:
    if case.needs and find_spec(case.needs) is None:
        pytest.skip(f"{case.needs} is not installed")
    suite = Suite(func_name=case.func_name, tests=tuple(TestCase(input=i, output=o) for i, o in case.tests))
    limits = SHORT if case.group == "time" or case.name in UNTIL_STOPPED else LIMITS
    return sandbox.evaluate(case.program, suite, judge, limits)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judge_gives_the_true_verdict(case: Case, sandbox: Sandbox) -> None:
    if case.judge == "unjudged":
        with pytest.raises(DatasetError):
            evaluated(sandbox, case, JudgeSpec(mode="judge"))
        return
    result = evaluated(sandbox, case, JudgeSpec(mode="judge"))
    assert (result.verdict is Verdict.PASSED) == (case.judge == "P"), result


@pytest.mark.parametrize("variant", ["official", "tt"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_lcb_gives_the_original_s_codes(case: Case, variant: str, sandbox: Sandbox) -> None:
    judge = JudgeSpec.model_validate({"mode": "lcb", "variant": variant})
    result = evaluated(sandbox, case, judge)
    assert (result.verdict is Verdict.PASSED) == case.passes(variant), result
    if case.cheat or case.differs:
        return
    written = to_lcb(result.verdict, result.cases, functional=case.func_name is not None)
    golden = GOLDEN[str(case)][variant]
    assert (list(written.results), written.metadata.get("error_code")) == (golden["codes"], golden["error_code"])


@pytest.mark.parametrize("case", [case for case in CASES if case.cheat], ids=str)
def test_cheats_fail_in_every_mode(case: Case) -> None:
    assert (case.judge, case.official, case.tt) == ("F", "F", "F")


def test_the_corpus_is_whole() -> None:
    assert len(CASES) >= 160
    assert len({case.name for case in CASES}) == len(CASES)
    assert set(GOLDEN) == {str(case) for case in CASES}
    # The originals agree with what the corpus says of them, except where they are cheated.
    for case in CASES:
        for variant in ("official", "tt"):
            codes = GOLDEN[str(case)][variant]["codes"]
            passed = bool(codes) and all(code > 0 for code in codes)
            assert case.cheat or passed == case.passes(variant), f"{case} {variant}"
