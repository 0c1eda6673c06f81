"""Metrics of runs, queues, workers and model servers for Prometheus.

One process collects them at each scrape. Gauges show the current state, of active runs only. Histograms and
counters count all samples of such runs that this process has read since it started.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections import Counter as Tally
from collections.abc import Iterator
from dataclasses import dataclass

import redis
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from farm.config import Settings
from farm.errors import FarmError
from farm.ledger.ledger import Ledger, RunRow
from farm.monitor.ledger_numbers import RunNumbers, Seen, new_completions, new_results, run_numbers
from farm.monitor.redis_numbers import RedisNumbers, redis_numbers
from farm.queue.redis_keys import Keys

SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)
FRESH_S = 600.0  # a run that ended is shown for so long
ACTIVE = ("planned", "running", "paused")


@dataclass(frozen=True, slots=True)
class Picture:
    """All numbers of one moment."""

    runs: list[tuple[RunRow, RunNumbers]]
    redis: RedisNumbers | None  # None: it does not answer
    ledger_s: float  # that reading the ledger took
    problem: str = ""


class FarmCollector(Collector):
    """Reads ledger and Redis at each scrape; register it in a separate registry."""

    def __init__(self, settings: Settings, ledger: Ledger, connection: redis.Redis) -> None:
        self._settings, self._ledger, self._redis = settings, ledger, connection
        self._keys = Keys(settings.key_prefix)
        self._seen: dict[str, Seen] = {}
        self._progress: dict[str, float] = {}
        self._lock = threading.Lock()  # one look at a time: records are read once
        own = CollectorRegistry()
        self._own = own
        self._generate = Histogram(
            "farm_generate_seconds", "From request to last token", ["server"], buckets=SECONDS, registry=own
        )
        self._ttft = Histogram(
            "farm_ttft_seconds", "From request to first token", ["server"], buckets=SECONDS, registry=own
        )
        self._execute = Histogram(
            "farm_execute_seconds", "Of a sample's programs, wall clock", ["tier"], buckets=SECONDS, registry=own
        )
        self._cpu = Counter("farm_execute_cpu_seconds", "CPU time of programs", ["tier"], registry=own)
        self._tokens = Counter("farm_tokens", "As the server counts them", ["server", "kind"], registry=own)
        self._requests = Counter("farm_requests", "HTTP requests, retries included", ["server"], registry=own)

    def look(self) -> Picture:
        """Read everything once. `problem` names what could not be read."""
        with self._lock:
            began, runs, problem = time.monotonic(), [], ""
            try:
                for row in self._ledger.runs():
                    if row.state in ACTIVE or time.time() - (row.finished_at or 0) < FRESH_S:
                        runs.append((row, run_numbers(self._ledger, row.run_id)))
                        self._read_new(row.run_id)
            except FarmError as exc:
                problem = str(exc)
            ledger_s = time.monotonic() - began
            try:
                numbers = redis_numbers(self._redis, self._keys, [row.run_id for row, _ in runs])
            except RedisError as exc:
                numbers, problem = None, problem or f"Redis does not answer: {exc}"
            return Picture(runs, numbers, ledger_s, problem)

    def _read_new(self, run_id: str) -> None:
        seen = self._seen.setdefault(run_id, Seen())
        latest = self._progress.get(run_id, 0.0)
        for completion, told in new_completions(self._ledger, run_id, seen):
            if not told.server:
                continue  # it existed before the run
            self._generate.labels(told.server).observe(told.latency_s)
            if told.ttft_s is not None:
                self._ttft.labels(told.server).observe(told.ttft_s)
            self._requests.labels(told.server).inc(told.requests)
            self._tokens.labels(told.server, "prompt").inc(completion.usage.prompt_tokens or 0)
            self._tokens.labels(told.server, "completion").inc(completion.usage.completion_tokens or 0)
            latest = max(latest, told.finished_at)
        for result in new_results(self._ledger, run_id, seen):
            self._execute.labels(result.sandbox).observe(result.wall_s)
            self._cpu.labels(result.sandbox).inc(result.cpu_s)
            latest = max(latest, result.finished_at)
        if latest:
            self._progress[run_id] = latest

    def collect(self) -> Iterator[Metric]:
        """All metrics, for a registry."""
        picture = self.look()
        yield GaugeMetricFamily("farm_up", "1 if ledger and Redis could be read", float(not picture.problem))
        yield GaugeMetricFamily("farm_ledger_read_seconds", "Time that this look took in the ledger", picture.ledger_s)
        yield from self._of_runs(picture.runs)
        if picture.redis is not None:
            yield from _of_redis(picture.redis)
        yield from self._of_host()
        yield from self._own.collect()

    def _of_runs(self, runs: list[tuple[RunRow, RunNumbers]]) -> Iterator[Metric]:
        samples = GaugeMetricFamily("farm_samples", "Samples by how far they are", labels=["run", "state"])
        verdicts = CounterMetricFamily("farm_verdicts", "Verdicts", labels=["run", "verdict"])
        unjudged = CounterMetricFamily("farm_unjudged", "Samples given up", labels=["run", "stage", "reason"])
        attempts = CounterMetricFamily("farm_attempts", "Attempts", labels=["run", "stage", "outcome"])
        events = CounterMetricFamily("farm_run_events", "The run's counters", labels=["run", "event"])
        state = GaugeMetricFamily("farm_run_state", "1 for the state a run is in", labels=["run", "state"])
        progress = GaugeMetricFamily("farm_last_progress_timestamp_seconds", "Newest answer", labels=["run"])
        for row, numbers in runs:
            run, given_up = row.run_id, sum(numbers.unjudged.values())
            waiting = max(0, numbers.planned - numbers.completed)
            executing = max(0, numbers.completed - numbers.judged - given_up)
            for name, number in (
                ("planned", waiting), ("completed", executing), ("judged", numbers.judged), ("unjudged", given_up),
            ):  # fmt: skip
                samples.add_metric([run, name], number)
            for verdict, number in sorted(numbers.verdicts.items()):
                verdicts.add_metric([run, verdict], number)
            for (stage, reason), number in sorted(numbers.unjudged.items()):
                unjudged.add_metric([run, stage, reason], number)
            attempts.add_metric([run, "generate", "ok"], numbers.completed)
            attempts.add_metric([run, "execute", "ok"], numbers.judged)
            for (stage, reason), number in sorted(numbers.failures.items()):
                attempts.add_metric([run, stage, reason], number)
            for name, number in sorted(numbers.counters.items()):
                events.add_metric([run, name], number)
            state.add_metric([run, row.state], 1)
            if run in self._progress:
                progress.add_metric([run], self._progress[run])
        yield from (samples, verdicts, unjudged, attempts, events, state, progress)

    def _of_host(self) -> Iterator[Metric]:
        free = GaugeMetricFamily("farm_home_free_bytes", "Free space where ledger and suites are")
        free.add_metric([], shutil.disk_usage(self._settings.home).free)
        yield free


def _of_redis(numbers: RedisNumbers) -> Iterator[Metric]:
    depth = GaugeMetricFamily("farm_queue_depth", "Jobs that wait", labels=["queue"])
    for name, number in sorted(numbers.queues.items()):
        depth.add_metric([name], number)
    streams = GaugeMetricFamily("farm_result_stream_length", "Answers that no coordinator has read yet", labels=["run"])
    for name, number in sorted(numbers.streams.items()):
        streams.add_metric([name], number)
    refused = CounterMetricFamily("farm_quarantined", "Messages that were refused", labels=["reason"])
    for name, number in sorted(numbers.refused.items()):
        refused.add_metric([name], number)
    slots = GaugeMetricFamily("farm_worker_slots", "Slots of living workers", labels=["role", "state"])
    workers = GaugeMetricFamily("farm_workers", "Living workers", labels=["role", "version", "host"])
    counted: Tally[tuple[str, str]] = Tally()
    living: Tally[tuple[str, str, str]] = Tally()
    for worker in numbers.workers:
        counted[worker.role, "busy"] += worker.busy
        counted[worker.role, "draining" if worker.draining else "idle"] += max(0, worker.slots - worker.busy)
        living[worker.role, worker.version, worker.host] += 1
    for labels, number in sorted(counted.items()):
        slots.add_metric(list(labels), number)
    for names, number in sorted(living.items()):
        workers.add_metric(list(names), number)
    in_use = GaugeMetricFamily("farm_admission_in_use", "Requests that hold a slot", labels=["server"])
    limit = GaugeMetricFamily("farm_admission_limit", "Slots of a model server", labels=["server"])
    waiting = GaugeMetricFamily("farm_admission_waiting", "Requests that wait for a slot of it", labels=["server"])
    sick = GaugeMetricFamily("farm_server_sick", "1 for a model server that gets no requests", labels=["server"])
    for state in numbers.servers:
        in_use.add_metric([state.url], state.in_use)
        waiting.add_metric([state.url], state.waiting)
        if state.limit is not None:
            limit.add_metric([state.url], state.limit)
        sick.add_metric([state.url], bool(state.sick))
    yield from (depth, streams, refused, slots, workers, in_use, limit, waiting, sick)
    yield GaugeMetricFamily("farm_unacked", "Messages that workers hold", numbers.unacked)
    if numbers.memory_bytes is not None:
        yield GaugeMetricFamily("farm_redis_memory_bytes", "Memory that Redis uses", numbers.memory_bytes)
    if numbers.memory_limit_bytes is not None:
        yield GaugeMetricFamily(
            "farm_redis_memory_limit_bytes", "Memory that Redis may use", numbers.memory_limit_bytes
        )
