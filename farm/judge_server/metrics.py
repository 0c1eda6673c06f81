"""What a judge server tells Prometheus of itself."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from farm.judge_server.service import Service

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """Counters of one server."""

    def __init__(self, service: Service) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "farm_judge_requests", "Requests answered", ["path", "status"], registry=self._registry
        )
        self._gone = Counter("farm_judge_hung_up", "Requests whose client hung up", registry=self._registry)
        self._verdicts = Counter("farm_judge_verdicts", "Programs judged", ["verdict"], registry=self._registry)
        self._seconds = Histogram(
            "farm_judge_program_seconds", "Time of a program in its sandbox", buckets=BUCKETS_S, registry=self._registry
        )
        slots = Gauge("farm_judge_slots", "Programs that may run at a time", registry=self._registry)
        slots.set(service.pool.number)
        waiting = Gauge("farm_judge_programs", "Programs that run or wait", registry=self._registry)
        waiting.set_function(lambda: service.programs)

    def answered(self, path: str, status: int) -> None:
        """A request got its answer."""
        self._requests.labels(path, str(status)).inc()

    def hung_up(self) -> None:
        """A client did not wait for its answer."""
        self._gone.inc()

    def judged(self, verdict: str, wall_s: float) -> None:
        """A program got its verdict."""
        self._verdicts.labels(verdict).inc()
        self._seconds.observe(wall_s)

    def page(self) -> tuple[str, bytes]:
        """Content type and text of the page."""
        return CONTENT_TYPE_LATEST, generate_latest(self._registry)
