"""What callers of the judge server send and get, without a server."""

from __future__ import annotations

import pytest

from farm.errors import ConfigError
from farm.judge_server import fusion, native
from farm.records import CaseResult, Suite, TestCase, Verdict
from farm.sandbox.api import Evaluation


def suite(output: str) -> Suite:
    return Suite(func_name=None, tests=(TestCase(input="", output=output), TestCase(input="1", output=output)))


def test_the_suites_used_longest_ago_go_first() -> None:
    suites = native.Suites(most_bytes=3 * len(suite("1").to_json()))
    first, second, third = (suites.put(suite(text)) for text in "123")
    assert suites.get(first) == suite("1")
    fourth = suites.put(suite("4"))
    assert suites.get(second) is None
    assert [suites.get(digest) for digest in (first, third, fourth)] == [suite(text) for text in "134"]
    assert suites.put(suite("4")) == fourth, "the same again is the same"


def test_one_suite_is_kept_however_large() -> None:
    suites = native.Suites(most_bytes=1)
    assert suites.get(suites.put(suite("large"))) == suite("large")


def test_what_did_not_run_has_not_passed() -> None:
    cases = (CaseResult(index=0, verdict=Verdict.PASSED, detail="saw 1"),)
    said = native.verdict_on(3, Evaluation(Verdict.WRONG_ANSWER, 1, cases, detail="expected 2"), 4, details=False)
    assert (said.index, said.passed, said.share_passed, said.first_failure) == (3, False, 0.25, 1)
    assert "expected" not in said.to_json().decode() and "saw" not in said.to_json().decode()
    assert (
        "expected 2"
        in native.verdict_on(3, Evaluation(Verdict.WRONG_ANSWER, 1, cases, detail="expected 2"), 4, True).detail
    )


def test_a_timeout_is_of_wall_time_and_memory_has_a_limit() -> None:
    assert fusion.limits_of(3.0).wall_s == 3.0
    assert fusion.limits_of(3.0, 64).memory_bytes == 64 << 20
    assert fusion.limits_of(3.0, -1).memory_bytes == 1 << 30
    assert fusion.limits_of(1e9, 1).memory_bytes == 32 << 20 and fusion.limits_of(1e9).wall_s == 3600
    assert fusion.limits_of(3.0, 1 << 40).memory_bytes == 1 << 40


@pytest.mark.parametrize(
    "fields", [{"language": "bash"}, {"language": "pytest"}, {"files": {"a": "YQ=="}}, {"fetch_files": ["a"]}]
)
def test_what_is_not_done_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        fusion.run_task(fusion.RunCode.model_validate({"code": "1", "language": "python", **fields}))


def test_a_test_with_files_is_refused() -> None:
    test = {"input": {"stdin": "1", "data.txt": "x"}, "output": {"stdout": "1"}}
    config = {"provided_data": {"id": 1, "test": [test]}}
    with pytest.raises(ConfigError, match="files"):
        fusion.submit_task(fusion.Submit.model_validate({"id": 1, "completion": "", "config": config}))
