"""SandboxFusion's `/run_code` and `/submit`, as its documentation of October 2025 describes them, for Python.

Clients that speak it can point here. What this server does not do is refused with a sentence and never half done:
other languages, files, datasets that are kept on the server.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from farm.errors import ConfigError
from farm.judge_server.slots import Task
from farm.protocols import extract_program, get
from farm.records import JudgeSpec, Limits, Suite, TestCase, Verdict
from farm.sandbox.api import Evaluation, Observation
from farm.text import decode

LEAST_MEMORY, MOST_MEMORY, MOST_SECONDS = 32 << 20, 1 << 40, 3600.0  # of Limits
SHOWN_BYTES = 1 << 20  # of what a program wrote


class _Body(BaseModel):
    """SandboxFusion ignores fields that it does not know, and so do its clients."""

    model_config = ConfigDict(extra="ignore")


class RunCode(_Body):
    """A program to run once."""

    code: str
    language: str
    stdin: str | None = None
    run_timeout: Annotated[float, Field(gt=0)] = 10.0
    compile_timeout: float = 10.0  # Python has nothing to compile
    memory_limit_MB: int = -1
    files: dict[str, str | None] = {}
    fetch_files: list[str] = []


class StdioTest(_Body):
    input: dict[str, str]
    output: dict[str, str]


class ProvidedProblem(_Body):
    id: int | str = ""
    test: list[StdioTest]


class SubmitConfig(_Body):
    dataset_type: str | None = None
    language: str | None = None
    run_timeout: Annotated[float, Field(gt=0)] | None = None
    provided_data: ProvidedProblem | list[ProvidedProblem] | None = None


class Submit(_Body):
    """A completion to extract and judge on the tests that come with it."""

    dataset: str = ""
    id: int | str
    completion: str
    config: SubmitConfig


def limits_of(run_timeout: float, memory_limit_mb: int = -1) -> Limits:
    """A timeout is of wall time there; the program may use as much CPU time. No limit of memory is 1 GiB here."""
    seconds = min(run_timeout, MOST_SECONDS)
    memory = (
        Limits().memory_bytes if memory_limit_mb <= 0 else min(MOST_MEMORY, max(LEAST_MEMORY, memory_limit_mb << 20))
    )
    return Limits(cpu_s=seconds, wall_s=seconds, memory_bytes=memory)


def run_task(request: RunCode) -> Task:
    """What `/run_code` asks for. ConfigError for what this server does not do."""
    if request.language not in ("python", "pytest"):
        raise ConfigError(f"language {request.language!r}: this server runs python")
    if request.language == "pytest" or request.files or request.fetch_files:
        raise ConfigError("pytest, files and fetch_files: programs here have no files, and no pytest")
    suite = Suite(func_name=None, tests=(TestCase(input=request.stdin or "", output=""),))
    limits = limits_of(request.run_timeout, request.memory_limit_MB)
    return Task(request.code, suite, JudgeSpec(), limits, look=True)


def submit_task(request: Submit) -> tuple[Task, str]:
    """What `/submit` asks for, and the program that was extracted. ConfigError for what this server does not do."""
    config, problem = request.config, request.config.provided_data
    if isinstance(problem, list):
        problem = next((one for one in problem if one.id == request.id), None)
    if problem is None or not problem.test:
        raise ConfigError("config.provided_data has no tests of this id: this server keeps no datasets")
    if config.language not in (None, "python"):
        raise ConfigError(f"language {config.language!r}: this server runs python")
    if any(set(test.input) - {"stdin"} or set(test.output) - {"stdout"} for test in problem.test):
        raise ConfigError("tests with files: programs here have stdin and stdout alone")
    tests = tuple(
        TestCase(input=test.input.get("stdin", ""), output=test.output.get("stdout", "")) for test in problem.test
    )
    source = extract_program(get("official"), request.completion, "")
    judge = JudgeSpec(stop="all")
    return Task(source, Suite(func_name=None, tests=tests), judge, limits_of(config.run_timeout or 20.0)), source


def ran(seen: Observation) -> dict[str, Any]:
    """The answer of `/run_code`."""
    over = seen.limit in ("cpu", "wall")
    stderr = decode(seen.stderr) if seen.syntax_error is None else seen.syntax_error
    code = None if over else seen.exit_code if seen.signal is None else -seen.signal
    if seen.syntax_error is not None:
        code = 1
    status: Literal["Success", "Failed"] = "Success" if not over and code == 0 and seen.limit is None else "Failed"
    result = _command(over, seen.wall_s, code, decode(seen.stdout[:SHOWN_BYTES]), stderr)
    return _response(status, result)


def submitted(request: Submit, task: Task, program: str, found: Evaluation) -> dict[str, Any]:
    """The answer of `/submit`. Expected outputs are not in it."""
    tests = []
    for case in found.cases:
        over = case.verdict is Verdict.TIME_LIMIT
        ok = case.verdict is Verdict.PASSED
        code = None if over else case.exit_code if case.exit_code is not None else (0 if ok else 1)
        result = _command(over, case.wall_s, code, case.stdout_excerpt, case.stderr_excerpt)
        tests.append({"passed": ok, "exec_info": _response("Success" if code == 0 else "Failed", result)})
    return {
        "id": request.id,
        "accepted": found.verdict is Verdict.PASSED,
        "extracted_code": program,
        "extracted_type": "fenced" if program else "empty",
        "tests": tests,
        "extra": {"verdict": found.verdict.value, "tests": len(task.suite.tests)},
    }


def failed(reason: str) -> dict[str, Any]:
    """The answer of `/run_code` where this side failed."""
    return {**_response("SandboxError", None), "message": reason}


def _response(status: str, result: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "status": status, "message": "", "compile_result": None, "run_result": result, "executor_pod_name": None,
        "files": {},
    }  # fmt: skip


def _command(over: bool, wall_s: float, code: int | None, stdout: str, stderr: str) -> dict[str, Any]:
    return {
        "status": "TimeLimitExceeded" if over else "Finished",
        "execution_time": wall_s if math.isfinite(wall_s) else None,
        "return_code": code,
        "stdout": stdout,
        "stderr": stderr,
    }
