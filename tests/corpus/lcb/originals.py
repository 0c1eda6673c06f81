"""The original graders, from checkouts of their repositories, in processes of their own.

    official            LiveCodeBench/LiveCodeBench at 28fef95
    official-2025-01    the same at 15808c7
    tt                  tstescoTT/lm-evaluation-harness at 44e770e8

They execute programs, cheats included, without any protection: use a machine that has nothing to lose.
Needs numpy. Nothing of a checkout is copied; its folder is put into a process as a package, so that the
packages around it, which need much more, are not executed.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import types
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

Variant = Literal["official", "official-2025-01", "tt"]
Test = tuple[str, str]  # input, expected output

_ROOT = Path(__file__).resolve().parents[3]
_OFFICIAL = ("lcb_runner.evaluation", "lcb_runner/evaluation", "compute_code_generation_metrics")
_PLACES = {
    "official": _OFFICIAL,
    "official-2025-01": _OFFICIAL,
    "tt": ("lm_eval.tasks.livecodebench", "lm_eval/tasks/livecodebench", "utils"),
}


@dataclass(frozen=True, slots=True)
class Codes:
    """What a grader writes of one sample: a code per test, and the error code of the metadata."""

    codes: tuple[Any, ...]
    error_code: int | None
    said: str = ""  # the message in the metadata

    @property
    def passed(self) -> bool:
        return bool(self.codes) and all(code > 0 for code in self.codes)

    @property
    def first_failure(self) -> int | None:
        return next((index for index, code in enumerate(self.codes) if code <= 0), None)


class Original:
    """One process of one grader, made anew when a program ends it. Use as a context manager."""

    def __init__(self, variant: Variant, checkout: Path) -> None:
        self._variant, self._checkout = variant, checkout
        self._process: subprocess.Popen[str] | None = None

    def grade(self, program: str, tests: Sequence[Test], func_name: str | None, *, timeout_s: int = 6) -> Codes:
        """The codes of one program. No codes at all: the program ended the grader itself."""
        process = self._process = self._process or self._start()
        assert process.stdin and process.stdout
        job = {
            "program": program,
            "inputs": [test[0] for test in tests],
            "outputs": [test[1] for test in tests],
            "fn_name": func_name,
            "timeout": timeout_s,
        }
        try:
            process.stdin.write(json.dumps(job) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            self.close()
            return Codes((), None, "the program ended the grader")
        answer = json.loads(line)
        return Codes(tuple(answer["codes"]), answer["error_code"], answer["said"])

    def close(self) -> None:
        """End the process; idempotent."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)  # its managers hold the pipes too
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                with suppress(BrokenPipeError):
                    pipe.close()  # type: ignore[union-attr]
            self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.close()

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", __name__, self._variant, str(self._checkout.resolve())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=_ROOT,
            env={**os.environ, "PYTHONHASHSEED": "0"},
            start_new_session=True,
        )


def load_grader(variant: str, checkout: Path) -> Any:
    """The grader's module, imported into this process. ImportError says what it lacks."""
    package, folder, module = _PLACES[variant]
    if not (checkout / folder).is_dir():
        raise ImportError(f"{checkout} is no checkout of the {variant} grader: it has no {folder}")
    if importlib.util.find_spec("tqdm") is None:  # a progress bar, which nobody looks at
        shim = types.ModuleType("tqdm")
        vars(shim)["tqdm"] = lambda **_: nullcontext(types.SimpleNamespace(update=lambda _: None))
        sys.modules["tqdm"] = shim
    parts = package.split(".")
    for depth in range(1, len(parts) + 1):
        shell = types.ModuleType(".".join(parts[:depth]))
        shell.__path__ = [str(checkout / folder)] if depth == len(parts) else []
        sys.modules[shell.__name__] = shell
    return importlib.import_module(f"{package}.{module}")


def error_code_of(codes: Sequence[Any], metadata: dict[str, Any]) -> int | None:
    """-5 for a lost list; tt writes no code for it, but only a lost list has empty metadata."""
    if all(code > 0 for code in codes):
        return None
    code = metadata.get("error_code")
    return -5 if code is None and not metadata else code


def _serve(variant: str, checkout: Path) -> None:
    """Read jobs, one JSON object a line, and answer each with a line.

    A sample goes through `evaluate_generations_by_problem`, as in the pool of the grader's own
    evaluation: a manager and a process for each.
    """
    jobs, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)  # where the pool's processes have it too
    os.dup2(null, 1)  # programs that write to the real one
    sys.argv[1:] = []  # programs that read files named as arguments find none, as under farm
    grader = load_grader(variant, checkout)
    for line in jobs:
        job = json.loads(line)
        sample = {"input_output": json.dumps({key: job[key] for key in ("inputs", "outputs", "fn_name")})}
        arguments = ([job["program"]], sample, False, job["timeout"])
        grade = grader.evaluate_generations_by_problem
        results, metadata = grade(*arguments) if variant == "tt" else grade(arguments)
        said = metadata[0].get("error_message") or ""
        answer = {
            "codes": list(results[0]),
            "error_code": error_code_of(results[0], metadata[0]),
            "said": f"{said}: {metadata[0].get('error', '')}",
        }
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    _serve(sys.argv[1], Path(sys.argv[2]))
