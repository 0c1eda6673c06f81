"""When a recorded verdict may be reused for an identical program: its cache key, the runtimes it is valid for, and
whether it is stable enough.

Pure. The rules and their reasons: docs/adr/0011-one-execution-per-program.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from farm.ids import canonical_json, sha256_hex
from farm.records import TIER_NONE, CaseResult, JudgeSpec, Limits, SampleKey, SampleResult, Verdict
from farm.version import __version__

RULE = "execution@1"
NEAR = 0.5  # of a limit: what needed more of it is a matter of the machine


@dataclass(frozen=True, slots=True)
class RuntimeIdentity:
    """What executes a program: versions of interpreter, packages and harness, and the sandbox's tier."""

    versions: str
    tier: str

    @property
    def confined(self) -> bool:
        """Whether its results may be reused: what ran without a sandbox enters no score."""
        return bool(self.versions) and self.tier not in ("", TIER_NONE)


def execution_digest(program: str, suite: str, judge: JudgeSpec, limits: Limits) -> str:
    """What names an execution but for the runtime: program and tests by digest, judge, limits, farm's version.

    farm's version, because the comparison happens in the worker, outside of what `runtime` names.
    """
    parts = [RULE, __version__, program, suite, judge.model_dump(mode="json"), limits.model_dump(mode="json")]
    return sha256_hex(canonical_json(parts))


def digest_of(result: SampleResult) -> str | None:
    """The execution that a recorded verdict came from; None if nothing was executed for it."""
    if result.program_sha256 is None or result.cached_from or result.verdict is Verdict.SANDBOX_BROKEN:
        return None
    return execution_digest(result.program_sha256, result.suite_sha256, result.judge, result.limits)


def runtime_of(result: SampleResult) -> RuntimeIdentity:
    """Who executed it."""
    return RuntimeIdentity(result.runtime, result.sandbox)


def steady(result: SampleResult) -> bool:
    """Whether another host would very likely give the same verdict: the program was always judged the same, and no
    limit of time or memory was near.

    Such a verdict may be reused in other runs; any verdict may within its own run.
    """
    if not result.deterministic or result.verdict in (Verdict.TIME_LIMIT, Verdict.MEMORY_LIMIT):
        return False
    return not any(_near_a_limit(case, result.judge, result.limits) for case in result.cases)


def _near_a_limit(case: CaseResult, judge: JudgeSpec, limits: Limits) -> bool:
    # Mode lcb has the original's clock: an alarm by wall time less starvation, in whole seconds.
    clock_s = math.ceil(limits.cpu_s) if judge.mode == "lcb" else limits.wall_s
    return (
        case.cpu_s > NEAR * limits.cpu_s
        or case.wall_s - case.starved_s > NEAR * clock_s
        or case.peak_bytes > NEAR * limits.memory_bytes
    )


def copy_for(key: SampleKey, result: SampleResult, run_id: str, now: float) -> SampleResult:
    """The verdict of `result`, which run `run_id` holds, as that of another sample. It says where it is from.

    `now` is the Unix time. Worker, attempt, times and sizes stay those of the execution.
    """
    return result.model_copy(
        update={
            "problem_id": key.problem_id,
            "index": key.index,
            "cached_from": f"{run_id}/{result.key}",
            "finished_at": now,
        }
    )
