"""Records and text survive every trip, whatever they hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from farm.ids import canonical_json, sample_seed, sha256_hex
from farm.records import CaseResult, JudgeSpec, Limits, SampleKey, SampleResult, Verdict
from farm.text import decode, decode_output, encode, encode_input, one_line, printable

ANY_TEXT = st.text(alphabet=st.characters(codec=None, exclude_categories=()))


@given(ANY_TEXT)
def test_any_text_goes_through_bytes_and_back(text: str) -> None:
    assert decode(encode(text)) == text


@given(st.binary())
def test_any_output_goes_through_text_and_back(data: bytes) -> None:
    assert encode_input(decode_output(data)) == data


@given(ANY_TEXT)
def test_what_is_shown_cannot_act_on_a_terminal(text: str) -> None:
    shown = printable(text)
    assert not any(c < " " and c not in "\n\t" for c in shown) and "\x7f" not in shown and "\x1b" not in shown
    shown.encode()
    assert "\n" not in one_line(text)


@given(st.text(st.characters(exclude_characters="#\n\r\t "), min_size=1), st.integers(0, 10**9))
def test_a_sample_key_is_read_as_it_was_written(problem_id: str, index: int) -> None:
    key = SampleKey(problem_id, index)
    assert SampleKey.parse(str(key)) == key


@pytest.mark.parametrize("text", ["", "#", "a#", "#1", "a#x", "a#-1", "a", "a#²"])
def test_what_is_no_sample_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a sample key"):
        SampleKey.parse(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | ANY_TEXT, lambda s: st.lists(s) | st.dictionaries(ANY_TEXT, s)
    )
)
def test_canonical_json_does_not_depend_on_order(value: object) -> None:
    assert canonical_json(value) == canonical_json(_reversed(value))


def _reversed(value: object) -> object:
    if isinstance(value, dict):
        return {key: _reversed(value[key]) for key in reversed(list(value))}
    return [_reversed(item) for item in value] if isinstance(value, list) else value


def test_seeds_differ_by_problem_index_and_run() -> None:
    seeds = {sample_seed(run, f"p{p}", i) for run in range(3) for p in range(20) for i in range(20)}
    assert len(seeds) == 3 * 20 * 20
    assert all(0 <= seed < 2**31 for seed in seeds)
    assert sample_seed(42, "abc301_a", 0) == 287933354


def result(verdict: Verdict, cases: list[Verdict], *, total: int, first_failure: int | None) -> SampleResult:
    return SampleResult(
        problem_id="p", index=0, verdict=verdict, suite_sha256=sha256_hex(b""), judge=JudgeSpec(), limits=Limits(),
        cases=tuple(CaseResult(index=i, verdict=v) for i, v in enumerate(cases)), tests_total=total,
        first_failure=first_failure,
    )  # fmt: skip


def test_a_pass_needs_every_test() -> None:
    passed, wrong = Verdict.PASSED, Verdict.WRONG_ANSWER
    assert result(passed, [passed, passed], total=2, first_failure=None).passed
    for cases, total, first in ([], 1, None), ([passed], 2, None), ([passed, wrong], 2, None), ([passed], 1, 0):
        with pytest.raises(ValidationError):
            result(passed, cases, total=total, first_failure=first)
    with pytest.raises(ValidationError):
        result(passed, [], total=0, first_failure=None)


def test_a_failure_is_that_of_its_first_failing_test() -> None:
    with pytest.raises(ValidationError):
        result(Verdict.WRONG_ANSWER, [Verdict.TIME_LIMIT], total=1, first_failure=0)


def test_telemetry_is_outside_the_outcome_digest() -> None:
    one = result(Verdict.PASSED, [Verdict.PASSED], total=1, first_failure=None)
    other = one.model_copy(update={"worker": "w", "cpu_s": 9.0, "attempt": 3, "finished_at": 1.0})
    assert one.outcome_digest() == other.outcome_digest()
    slower = one.model_copy(update={"limits": Limits(cpu_s=1.0)})
    assert one.outcome_digest() != slower.outcome_digest()
