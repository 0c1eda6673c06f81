"""The lifecycle under a broker that drops, repeats, reorders and delays, and workers that die; by seed.

The world below is all that is not the state machine: a queue that misbehaves, workers that answer late
or never, a coordinator that crashes and starts again from its ledger, samples whose programs are the
same. Whatever happens, each sample ends judged once, or given up after MAX_ATTEMPTS failures that were
its own; and no program is sent while it is out for another sample.

Some programs break each sandbox that they run in, and on some workers every sandbox breaks. Only a program of the first
kind is ever judged for it.

A run that lm-eval scores has one score job for all samples instead. It is sent only when every sample is completed,
and the run ends scored once, with gaps, or paused after MAX_ATTEMPTS failures under one coordinator.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

import pytest

from farm.coordinator.events import (
    AttemptFailed,
    Command,
    Completed,
    Condemn,
    Event,
    GiveUp,
    Judged,
    Returned,
    Scored,
    Send,
    Vanished,
    Waits,
)
from farm.coordinator.lifecycle import MAX_ATTEMPTS, Lifecycle
from farm.records import AllSamples, SampleKey
from farm.records.phases import Phase, Stage

SEEDS = 2000
WINDOW = 3
WORKERS = ("w0", "w1", "w2")


@dataclass
class World:
    """Ledger, queue and workers of one simulated run."""

    rng: random.Random
    keys: list[SampleKey]
    lossy: bool = True
    cache: bool = True
    after_completion: Stage = Stage.EXECUTE
    failing: float = 0.1  # share of attempts that a worker fails
    programs: dict[SampleKey, int] = field(default_factory=dict)  # samples with equal numbers have the same program
    fickle: set[int] = field(default_factory=set)  # programs whose verdicts are not reused
    breaking: set[int] = field(default_factory=set)  # programs that break the sandbox
    ill: set[str] = field(default_factory=set)  # workers on which every sandbox breaks
    broken: dict[SampleKey, list[str]] = field(default_factory=dict)  # the worker of each recorded attempt that did
    judging: set[str] = field(default_factory=set)  # workers with a recorded verdict
    heard: set[str] = field(default_factory=set)  # workers with a verdict, be it the second one of a sample
    echoes: set[SampleKey] = field(default_factory=set)  # a failure was recorded while they were not outstanding
    condemned: set[SampleKey] = field(default_factory=set)
    completed: set[SampleKey] = field(default_factory=set)
    judged: Counter[SampleKey] = field(default_factory=Counter)
    known: set[int] = field(default_factory=set)  # programs with a recorded execution that may be reused
    reused: set[SampleKey] = field(default_factory=set)
    leaders: dict[int, SampleKey] = field(default_factory=dict)  # of this coordinator: whom a program was sent for
    sent: set[SampleKey] = field(default_factory=set)  # the same, all of them
    executed: Counter[int] = field(default_factory=Counter)
    given_up: dict[SampleKey, Stage] = field(default_factory=dict)
    failures: Counter[tuple[SampleKey, Stage]] = field(default_factory=Counter)
    messages: list[Send] = field(default_factory=list)
    stream: list[tuple[str, Send, str]] = field(default_factory=list)  # what workers answered, and which
    generated: Counter[SampleKey] = field(default_factory=Counter)
    scored: bool = False
    scorings: int = 0  # how often a worker scored
    pauses: int = 0

    def start(self) -> Lifecycle:
        self.leaders.clear()
        self.sent.clear()
        lifecycle = Lifecycle(windows=dict.fromkeys(Stage, WINDOW), after_completion=self.after_completion)
        known = [(key, self._phase(key), self._failed(key)) for key in self.keys]
        self.carry_out(lifecycle, lifecycle.start(known, broken=self.broken, judging=self.judging))
        return lifecycle

    def tell(self, lifecycle: Lifecycle, events: list[Event]) -> None:
        for event in events:
            match event:
                case AttemptFailed(SampleKey() as key, stage, attempt):
                    if lifecycle.outstanding(stage).get(key) != attempt:
                        self.echoes.add(key)
            self.carry_out(lifecycle, lifecycle.handle(event))

    def _phase(self, key: SampleKey) -> Phase:
        if self.judged[key] or self.scored:
            return Phase.JUDGED
        if key in self.given_up and not (key in self.completed and self.given_up[key] is Stage.GENERATE):
            return Phase.UNJUDGED
        return Phase.COMPLETED if key in self.completed else Phase.PLANNED

    def _failed(self, key: SampleKey) -> dict[Stage, int]:
        return {stage: self.failures[key, stage] for stage in Stage if self.failures[key, stage]}

    def carry_out(self, lifecycle: Lifecycle, commands: list[Command]) -> None:
        """As the driver does: what needs no execution is told back, until nothing is left to do."""
        while commands:
            self.sent -= {c.key for c in commands if isinstance(c, Send) and isinstance(c.key, SampleKey)}
            events: list[Event] = []
            for command in commands:
                match command:
                    case Send(SampleKey() as key, Stage.EXECUTE) if self.cache:
                        events += self._look_up(lifecycle, command, key)
                    case Send(SampleKey() as key, stage):
                        assert not self.judged[key], f"{key} was judged and is sent again"
                        assert stage is Stage.EXECUTE or key not in self.completed, f"{key} would be generated again"
                        self._send(command)
                    case Send():
                        assert self.completed == set(self.keys), "scored before all samples are completed"
                        assert not self.scored, "scored again"
                        self._send(command)
                    case Condemn(key):
                        assert not self.judged[key] and self.failures[key, Stage.EXECUTE] == MAX_ATTEMPTS
                        self.judged[key] += 1
                        self.condemned.add(key)
                        events.append(Judged(key))
                    case GiveUp(key, stage):
                        assert not self._blamed(key), f"{key} is given up against the evidence"
                        assert key not in self.given_up or self.given_up[key] is not stage
                        self.given_up.setdefault(key, stage)
            self.rng.shuffle(events)
            commands = [command for event in events for command in lifecycle.handle(event)]

    def _blamed(self, key: SampleKey) -> bool:
        workers = self.broken.get(key, [])
        return key not in self.echoes and len(workers) == MAX_ATTEMPTS and self.judging.issuperset(workers)

    def _look_up(self, lifecycle: Lifecycle, message: Send, key: SampleKey) -> list[Event]:
        program = self.programs[key]
        assert lifecycle.is_outstanding(key, Stage.EXECUTE) and not self.judged[key]
        if program in self.known:
            self.judged[key] += 1
            self.reused.add(key)
            return [Judged(key)]
        leader = self.leaders.setdefault(program, key)
        if leader != key and lifecycle.is_outstanding(leader, Stage.EXECUTE):
            return [Waits(key, leader)]
        self.leaders[program] = key
        for other in self.sent:
            same = other != key and self.programs[other] == program
            assert not (same and lifecycle.is_outstanding(other, Stage.EXECUTE)), (
                f"{key}: its program is out for {other}"
            )
        self.sent.add(key)
        self._send(message)
        return []

    def _send(self, message: Send) -> None:
        copies = self.rng.choices([0, 1, 2], [0.2, 0.7, 0.1])[0] if self.lossy else 1
        for _ in range(copies):
            self.messages.insert(self.rng.randint(0, len(self.messages)), message)

    def work(self) -> None:
        """A worker takes a message: it answers, fails, dies without a word, or gives a program back unbegun."""
        if not self.messages:
            return
        message = self.messages.pop(self.rng.randrange(len(self.messages)))
        kind = self.rng.choices(
            ["ok", "failed", "dies", "returned"],
            [0.85 - self.failing, self.failing, 0.1, 0.05] if self.lossy else [0.8, 0, 0, 0.2],
        )[0]
        if kind == "returned" and message.stage is not Stage.EXECUTE:
            kind = "ok"  # only programs come in batches
        worker = self.rng.choice(WORKERS)
        if kind == "ok" and self._breaks(message, worker):
            kind = "broke"
        if kind == "ok":
            match message:
                case Send(SampleKey() as key, Stage.GENERATE):
                    self.generated[key] += 1
                case Send(SampleKey() as key, Stage.EXECUTE):
                    self.executed[self.programs[key]] += 1
                case Send():
                    self.scorings += 1
        if kind != "dies":
            self.stream.append((kind, message, worker))

    def _breaks(self, message: Send, worker: str) -> bool:
        if message.stage is not Stage.EXECUTE or not isinstance(message.key, SampleKey):
            return False
        return worker in self.ill or self.programs[message.key] in self.breaking

    def read(self) -> list[Event]:
        """What the coordinator reads and records, first result wins; in any order."""
        if not self.stream:
            return []
        kind, message, worker = self.stream.pop(self.rng.randrange(len(self.stream)))
        key, stage = message.key, message.stage
        if isinstance(key, AllSamples):
            if kind == "failed":
                return [AttemptFailed(key, stage, message.attempt, "worker trouble")]
            self.scored = True
            return [Scored()]
        if kind == "returned" and isinstance(key, SampleKey):
            return [Returned(key, stage, message.attempt)]
        if kind in ("failed", "broke"):
            broken_at = worker if kind == "broke" else ""
            if self.failures[key, stage] == message.attempt - 1:
                self.failures[key, stage] += 1
                if broken_at:
                    self.broken.setdefault(key, []).append(broken_at)
            return [AttemptFailed(key, stage, message.attempt, "worker trouble", broken_at=broken_at)]
        if stage is Stage.GENERATE:
            self.completed.add(key)
            return [Completed(key)]
        self.heard.add(worker)
        if not self.judged[key]:  # the first result wins
            self.judged[key] += 1
            self.judging.add(worker)
            if self.programs[key] not in self.fickle:
                self.known.add(self.programs[key])
        return [Judged(key, worker)]

    def lost(self, lifecycle: Lifecycle) -> list[Event]:
        """What a reconciliation finds: out, but in no queue, no worker and no answer."""
        somewhere = {(m.key, m.stage) for m in self.messages} | {(m.key, m.stage) for _, m, _ in self.stream}
        return [
            Vanished(key, stage)
            for stage in Stage
            for key in lifecycle.outstanding(stage)
            if (key, stage) not in somewhere
        ]

    def check(self, lifecycle: Lifecycle) -> None:
        """What must hold after every step, whatever happened in it."""
        planned = set(self.keys)
        # I1: nothing is recorded that was not planned, and every sample is somewhere
        assert self.completed <= planned and self.given_up.keys() <= planned
        assert sum(lifecycle.counts().values()) == len(planned)
        judged = sum(1 for key in planned if self.judged[key] or self.scored)
        assert lifecycle.counts()[Phase.JUDGED] == judged
        # I2: no sample is judged twice
        assert all(times <= 1 for times in self.judged.values())
        # I7: attempts and outstanding jobs are bounded
        assert all(failed <= MAX_ATTEMPTS for failed in self.failures.values())
        for stage in Stage:
            out = lifecycle.outstanding(stage)
            assert len(out) <= WINDOW
            assert all(1 <= attempt <= MAX_ATTEMPTS for attempt in out.values())


def run(
    seed: int,
    *,
    lossy: bool,
    cache: bool = True,
    after_completion: Stage = Stage.EXECUTE,
    failing: float = 0.1,
    breaking: float = 0.0,
    ill: int = 0,
) -> World:
    """`breaking`: the share of programs that break their sandbox; `ill`: on how many workers each one breaks."""
    rng = random.Random(seed)
    keys = [SampleKey(f"p{p}", i) for p in range(rng.randint(1, 4)) for i in range(rng.randint(1, 4))]
    programs = {key: rng.randrange(max(1, len(keys) // 2)) for key in keys}
    fickle = {program for program in programs.values() if rng.random() < 0.2}
    world = World(rng, keys, lossy, cache, after_completion, failing, programs, fickle)
    world.breaking = {program for program in sorted(set(programs.values())) if rng.random() < breaking}
    world.ill = set(WORKERS[:ill])
    lifecycle = world.start()
    for _ in range(5000):
        waiting = lifecycle.counts()[Phase.WAITING]
        assert cache or not waiting
        assert not waiting or lifecycle.outstanding(Stage.EXECUTE), f"seed {seed}: samples wait behind nothing"
        if lifecycle.done:
            return world
        if lifecycle.paused is not None:  # somebody mends the cause, and resumes the run
            assert after_completion is Stage.SCORE and lifecycle.paused.endswith(f"{MAX_ATTEMPTS} of {MAX_ATTEMPTS})")
            world.pauses += 1
            lifecycle = world.start()
        step = rng.random()
        if step < 0.45:
            world.work()
        elif step < 0.9:
            world.tell(lifecycle, world.read())
        elif step < 0.97 or not lossy:
            world.tell(lifecycle, world.lost(lifecycle))
        else:  # kill -9 of the coordinator: all it knows is the ledger
            lifecycle = world.start()
        try:
            world.check(lifecycle)
        except AssertionError as exc:
            raise AssertionError(f"seed {seed}: {exc}") from exc
    raise AssertionError(f"seed {seed}: not done after 5000 steps: {lifecycle.counts()}")


@pytest.mark.parametrize("cache", [True, False], ids=["cache", "no cache"])
@pytest.mark.parametrize("block", range(20))
def test_each_sample_ends_once_whatever_the_broker_does(block: int, cache: bool) -> None:
    reused = 0
    for seed in range(block * SEEDS // 20, (block + 1) * SEEDS // 20):
        world = run(seed, lossy=True, cache=cache)
        reused += len(world.reused)
        for key in world.keys:
            ended = world.judged[key] + (key in world.given_up and not world.judged[key])
            assert ended == 1, f"seed {seed}: {key} ended {ended} times"
            if key in world.given_up and not world.judged[key]:
                worst = max(world.failures[key, stage] for stage in Stage)
                assert worst >= MAX_ATTEMPTS, f"seed {seed}: {key} was given up after {worst} failures"

    assert (reused > 0) == cache


def test_a_quiet_broker_costs_each_sample_one_generation_and_each_program_one_execution() -> None:
    for seed in range(50):
        world = run(seed, lossy=False)
        assert set(world.generated.values()) == {1} and not world.given_up
        samples = Counter(world.programs.values())
        wanted = {program: number if program in world.fickle else 1 for program, number in samples.items()}
        assert world.executed == wanted, f"seed {seed}"
        assert len(world.reused) == len(world.keys) - sum(wanted.values())


def test_without_a_cache_each_sample_is_executed() -> None:
    for seed in range(50):
        world = run(seed, lossy=False, cache=False)
        assert world.executed == Counter(world.programs.values()) and not world.reused


@pytest.mark.parametrize("block", range(20))
def test_a_run_that_lm_eval_scores_ends_scored_or_with_gaps(block: int) -> None:
    scored = gaps = 0
    for seed in range(block * SEEDS // 20, (block + 1) * SEEDS // 20):
        world = run(seed, lossy=True, after_completion=Stage.SCORE, failing=0.4)
        missing = set(world.keys) - world.completed
        assert world.scored == (not missing), f"seed {seed}"
        assert missing <= world.given_up.keys() and not world.executed, f"seed {seed}"
        scored, gaps = scored + world.scored, gaps + bool(missing)
    assert scored > 0 and gaps > 0, "a way for a run to end was not taken"


def test_a_score_that_fails_three_times_pauses_the_run_until_somebody_resumes_it() -> None:
    worlds = [run(seed, lossy=True, after_completion=Stage.SCORE, failing=0.6) for seed in range(200)]
    assert sum(world.pauses for world in worlds if world.scored) > 0


def test_a_quiet_broker_costs_one_scoring() -> None:
    for seed in range(50):
        world = run(seed, lossy=False, after_completion=Stage.SCORE)
        assert world.scored and world.scorings == 1 and set(world.generated.values()) == {1}


@pytest.mark.parametrize("block", range(20))
def test_only_a_program_that_breaks_its_sandbox_is_judged_for_it(block: int) -> None:
    condemned = unproven = 0
    for seed in range(block * SEEDS // 20, (block + 1) * SEEDS // 20):
        world = run(seed, lossy=True, failing=0.02, breaking=0.3, ill=seed % (len(WORKERS) + 1))
        assert all(world.programs[key] in world.breaking for key in world.condemned), f"seed {seed}"
        known = world.condemned - world.echoes
        assert all(set(world.broken[key]) <= world.heard for key in known), f"seed {seed}"
        for key in world.keys:
            assert world.judged[key] or key in world.given_up, f"seed {seed}: {key} did not end"
            unproven += not world.judged[key]
        condemned += len(world.condemned)
    assert condemned > 0 and unproven > 0, "a way for a sample to end was not taken"


def test_a_quiet_broker_and_sound_workers_let_no_program_keep_a_run_from_its_score() -> None:
    """All that a hostile program needs to be judged is that each worker judged something else."""
    for seed in range(200):
        world = run(seed, lossy=False, breaking=0.3)
        if world.judging >= {worker for workers in world.broken.values() for worker in workers}:
            assert not world.given_up, f"seed {seed}"
            assert {world.programs[key] for key in world.condemned} == world.breaking, f"seed {seed}"
