"""Every numbered attack of the sandbox's specification, and more, answered as required in every tier of this host.

Most programs print `LABEL: DENIED` per attempt and are judged on that output, so an attack that succeeds is a
WRONG_ANSWER here. After each program the same slot must pass an honest one, no process may be left, and a canary
outside must be untouched and unread.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import farm.records
from farm.records import JudgeSpec, Limits, Suite, TestCase, Verdict
from farm.sandbox.api import Evaluation
from tests.hostile.conftest import CANARY, Outside
from tests.hostile.program import ProgramFile, read_folder
from tests.hostile.slots import Slots, assert_honest_passes, explain, same_processes
from tests.support.sandbox import available_tiers

FOLDER = Path(__file__).parent / "programs"
PRELUDE = (FOLDER / "_prelude.py").read_text(encoding="utf-8")
ATTACKS = read_folder(FOLDER)
LIMITS = Limits(cpu_s=3.0, wall_s=45.0)  # the wall is for those that sleep: a busy machine must not hit it
TIERS = available_tiers()
ASKED = {"number", "machine", "prelude", "control", "func", "input", "tests", "mode", "variant", "stop", "limits"}
ASKED |= {"calls", "asserts"}
EXPECTED = {"want", "denied", "output", "limit", "signal", "first_failure", "tokens", "without_tokens", "stderr"}

# Attacks on the farm itself rather than by a program: number -> the test that makes them.
ELSEWHERE = {
    59: "unit/sandbox/test_faults.py::test_a_zygote_killed_in_mid_run_changes_no_verdict",
    60: "unit/sandbox/test_faults.py::test_a_killed_worker_leaves_no_orphan",
    61: "hostile/test_host_faults.py::test_no_descriptors_left",
    62: "hostile/test_host_faults.py::test_without_seccomp_no_tier_opens",
    63: "hostile/test_host_faults.py::test_limits_know_no_wall_clock",
    64: "unit/sandbox/test_clock.py::test_a_starved_program_has_used_what_it_ran",
    69: "unit/sandbox/test_faults.py::test_a_sandbox_that_breaks_three_times_is_no_verdict",
}


def source_of(attack: ProgramFile) -> str:
    """The program as submitted: prelude first, unless the attack wants to be alone."""
    return PRELUDE + attack.source if attack.header.get("prelude", True) else attack.source


def wanted_output(attack: ProgramFile) -> str:
    """`denied` lists the labels that must all be denied, in order."""
    labels = [label.strip() for label in attack.header["denied"].split(",")]
    return "".join(f"{label}: DENIED\n" for label in labels)


def suite_of(attack: ProgramFile, outside: Outside) -> Suite:
    known = {
        "canary": str(outside.canary),
        "folder": str(outside.folder),
        "mailbox": str(outside.mailbox_path),
        "source": farm.records.__file__,
        "worker": os.getpid(),
        # `docker run --user 1000` leaves group 0, and who is not root cannot leave a group
        "group": os.getegid() if os.geteuid() else None,
    }
    suite = attack.suite(json.dumps(known) + "\n", {"@CANARY@": CANARY})
    if "denied" in attack.header:
        return Suite(func_name=None, tests=(TestCase(input=suite.tests[0].input, output=wanted_output(attack)),))
    return suite


def check(attack: ProgramFile, evaluation: Evaluation) -> None:
    """The answer is one of those required, for the reason required."""
    header, seen = attack.header, explain(evaluation)
    assert evaluation.verdict in [Verdict(v) for v in header.get("want", ["PASSED"])], seen
    assert CANARY not in seen
    if not evaluation.cases:  # it did not compile
        return
    case = evaluation.cases[evaluation.first_failure or 0]
    for key, value in (("limit", case.limit), ("signal", case.signal)):
        assert key not in header or header[key] == value, f"{key} should be {header[key]}: {seen}"
    if "first_failure" in header:
        assert evaluation.first_failure == header["first_failure"], seen
    for token in header.get("tokens", ()):
        assert token in case.stdout_excerpt, f"{token!r} not on stdout: {seen}"
    for token in header.get("without_tokens", ()):
        assert token not in case.stdout_excerpt, f"{token!r} on stdout: {seen}"
    assert header.get("stderr", "") in case.stderr_excerpt, seen


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.name)
def test_attack(attack: ProgramFile, tier: str, slots: Slots, outside: Outside) -> None:
    attack.only(ASKED | EXPECTED)
    if attack.header.get("machine", os.uname().machine) != os.uname().machine:
        pytest.skip(f"for {attack.header['machine']} only")
    sandbox, before = slots[tier], outside.state()
    with same_processes(attack.name):
        work, limits = suite_of(attack, outside), attack.limits(LIMITS)
        evaluation = sandbox.evaluate(source_of(attack), work, attack.judge(), limits)
        assert_honest_passes(sandbox, attack.name)
    assert outside.state() == before
    assert outside.received() == b""
    check(attack, evaluation)


@pytest.mark.parametrize("attack", [a for a in ATTACKS if a.header.get("control")], ids=lambda a: a.name)
def test_attack_succeeds_without_a_sandbox(attack: ProgramFile, outside: Outside, tmp_path: Path) -> None:
    """The programs can tell: outside a sandbox, the harmless ones among them do not print that all was denied."""
    ran = subprocess.run(
        [sys.executable, "-I", "-c", source_of(attack)],
        input=suite_of(attack, outside).tests[0].input,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
        check=False,
    )
    assert ran.stdout and ran.stdout != wanted_output(attack), ran.stderr


# Programs that are made, not written: what a compiler or a decoder may choke on.
MADE = {
    "nul byte": ("print(1)\0", {"SYNTAX_ERROR"}),
    "lone surrogate": ("print('\ud800')", {"SYNTAX_ERROR", "RUNTIME_ERROR", "WRONG_ANSWER"}),
    "unknown coding": ("# coding: farm-none\nprint(1)", {"SYNTAX_ERROR", "WRONG_ANSWER"}),
    "too large": ("#" * ((1 << 20) + 1), {"SYNTAX_ERROR"}),
    "deep brackets": ("(" * 100_000, {"SYNTAX_ERROR"}),
    "deep unary": ("-" * 900_000 + "1", {"SYNTAX_ERROR", "RUNTIME_ERROR", "MEMORY_LIMIT"}),
    "deep attribute": ("x" + ".x" * 80_000, {"SYNTAX_ERROR", "RUNTIME_ERROR", "MEMORY_LIMIT"}),
    "long sum": ("1" + "+1" * 100_000, {"SYNTAX_ERROR", "RUNTIME_ERROR", "MEMORY_LIMIT", "WRONG_ANSWER"}),
    "many names": ("\n".join(f"x{i}=1" for i in range(15_000)), {"WRONG_ANSWER"}),
    "fold bomb": ("x = ((1 << 100) ** 1000 ** 1000) if 0 else 0", {"WRONG_ANSWER", "TIME_LIMIT"}),
    "null main": ("", {"WRONG_ANSWER"}),
    "tab mix": ("if 1:\n\tx=1\n        y=2", {"SYNTAX_ERROR"}),
    "return at the top": ("return 1", {"SYNTAX_ERROR"}),
    "bidirectional": ("print('\u202e\u2066 42 \u2069')", {"WRONG_ANSWER"}),
}


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("mode", ["judge", "lcb"])
@pytest.mark.parametrize("name", MADE)
def test_made_program(name: str, mode: str, tier: str, slots: Slots) -> None:
    source, want = MADE[name]
    suite = Suite(func_name=None, tests=(TestCase(input="", output="42"),))
    judge = JudgeSpec(mode="lcb") if mode == "lcb" else JudgeSpec()
    sandbox = slots[tier]
    with same_processes(name):
        evaluation = sandbox.evaluate(source, suite, judge, LIMITS)
        assert_honest_passes(sandbox, name)
    allowed = want if mode == "judge" else {v.value for v in Verdict} - {"PASSED", "NO_CODE"}
    assert evaluation.verdict.value in allowed, explain(evaluation)


def test_every_number_is_covered() -> None:
    """Each number of the specification's list has a program, or says which tests make that attack."""
    by_program = {attack.header.get("number", 0) for attack in ATTACKS} - {0}
    assert by_program.isdisjoint(ELSEWHERE)
    assert by_program | set(ELSEWHERE) == set(range(1, 71))
    for test in ELSEWHERE.values():
        path, _, name = test.partition("::")
        assert f"def {name}(" in (Path(__file__).parents[1] / path).read_text(encoding="utf-8"), test


def test_enough_of_our_own() -> None:
    """At least twelve attacks that the list does not have."""
    assert sum("number" not in attack.header for attack in ATTACKS) >= 12


def test_names_say_their_number() -> None:
    """A file is found by the number it covers."""
    assert [a.name for a in ATTACKS if int(a.name[:2]) != a.header.get("number", 0)] == []
