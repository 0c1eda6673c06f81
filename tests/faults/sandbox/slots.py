"""Many programs on several slots of one process, each slot in a thread, as a worker with a pool has them."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from farm.errors import SandboxLost
from farm.sandbox.api import Evaluation, Sandbox
from tests.faults.sandbox.programs import Program
from tests.faults.sandbox.tiers import opened

ATTEMPTS = 3  # of a sample, before a worker leaves it unjudged


@dataclass(frozen=True, slots=True)
class Ran:
    """One program, run. `evaluation` None: the sandbox was lost in all attempts."""

    program: Program
    evaluation: Evaluation | None
    losses: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        return "LOST" if self.evaluation is None else str(self.evaluation.verdict)

    @property
    def seen(self) -> tuple[str, int | None]:
        """To be compared with what is wanted of the program."""
        return self.verdict, None if self.evaluation is None else self.evaluation.first_failure

    def __str__(self) -> str:
        seen = self.evaluation
        verdict, failing = self.program.wanted
        where = "" if seen is None else f" at test {seen.first_failure}"
        what = f"{self.program.name}: {self.verdict}{where}, wanted {verdict} at test {failing}"
        told = [] if seen is None else [c.model_dump(exclude_defaults=True) for c in seen.cases[-2:]]
        return f"{what}; losses {self.losses}; {seen.detail if seen else ''} {told}"


class Slots:
    """`count` open slots of a tier. `run` returns when all programs are done and every slot is idle."""

    def __init__(self, sandboxes: Sequence[Sandbox], pool: ThreadPoolExecutor, start_s: float) -> None:
        self._sandboxes = sandboxes
        self._pool = pool
        self.start_s = start_s  # that one took to open

    def run_on_each(self, programs: Sequence[Program]) -> list[Ran]:
        """Each program once on every slot."""

        def serve(sandbox: Sandbox) -> list[Ran]:
            return [_attempt(sandbox, program, 1) for program in programs]

        return [ran for part in self._pool.map(serve, self._sandboxes) for ran in part]

    def run(self, programs: Sequence[Program], *, attempts: int = 1) -> list[Ran]:
        """Each program once, or again after a loss as a worker does; results in no particular order."""
        todo = deque(programs)

        def serve(sandbox: Sandbox) -> list[Ran]:
            done: list[Ran] = []
            while True:
                try:
                    program = todo.popleft()
                except IndexError:
                    return done
                done.append(_attempt(sandbox, program, attempts))

        return [ran for part in self._pool.map(serve, self._sandboxes) for ran in part]


def _attempt(sandbox: Sandbox, program: Program, attempts: int) -> Ran:
    losses: list[str] = []
    while len(losses) < attempts:
        try:
            seen = sandbox.evaluate(program.source, program.suite, program.judge, program.limits)
        except SandboxLost as exc:
            losses.append(str(exc))
        else:
            return Ran(program, seen, tuple(losses))
    return Ran(program, None, tuple(losses))


@contextmanager
def slots(tier: str, count: int) -> Iterator[Slots]:
    """Slots that are closed, and their threads ended, on leaving."""
    with ExitStack() as stack:
        began = time.monotonic()
        sandboxes = [stack.enter_context(opened(tier)) for _ in range(count)]
        start_s = (time.monotonic() - began) / count
        print(f"tier {tier}, {count} slots: {', '.join(sandboxes[0].info.protections)}")
        yield Slots(sandboxes, stack.enter_context(ThreadPoolExecutor(count)), start_s)


def wrong(ran: Sequence[Ran]) -> list[str]:
    """One line for each run whose verdict, or first failing test, is not the one required."""
    return [str(one) for one in ran if one.seen != one.program.wanted]


def tally(ran: Sequence[Ran]) -> Counter[tuple[str, str]]:
    """How often which program was given which verdict."""
    return Counter((one.program.name, one.verdict) for one in ran)


def table(counts: Counter[tuple[str, str]]) -> str:
    """A tally, as lines."""
    return "\n".join(f"  {name:30} {verdict:15} {count:6}" for (name, verdict), count in sorted(counts.items()))
