"""The generate task: one prompt, one answer of the model server.

It runs in a thread of a worker that holds the server's key (from its own environment; no message ever
carries one). What the server cannot heal pauses the run or ends that sample; the rest is tried again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from farm.admission.server_health import ServerHealth
from farm.admission.server_watch import Expectation, ServerWatch
from farm.admission.slots import Refused, Slots
from farm.admission.streamed import StreamedTokens
from farm.admission.waiting import Admission, NotWanted
from farm.config import Settings
from farm.errors import (
    AuthRejected,
    ConfigError,
    ConnectionLost,
    FarmError,
    Forbidden,
    InferenceError,
    ModelNotFound,
    Permanent,
    QuotaSpent,
    RateLimited,
    RequestRejected,
    ServerBusy,
    ServerError,
    ServerUnwell,
    TlsFailed,
    Transient,
)
from farm.ids import sample_seed, sha256_hex
from farm.inference.client import Client, Generated, GenerateRequest
from farm.inference.client_of import client_of
from farm.inference.connection.address import checked_url
from farm.inference.prompt_budget import fit
from farm.inference.readiness import probe
from farm.inference.retry import retrying
from farm.inference.thought import thought_of
from farm.queue.messages import GenerateConfig, GenerateJob
from farm.records import Completion, GenerateTelemetry, Prompt, StoredCompletion
from farm.tasks.context import TaskContext
from farm.text import encode, one_line

log = logging.getLogger(__name__)

CHECK_S = 10.0  # for a question about a server's health
WAIT_MAX_S = 300.0  # of what a server asks for that takes no requests for now
# Somebody has to act before the run can go on; busy: for as long as a request may take, no try was let through
_PAUSES = (AuthRejected, Forbidden, QuotaSpent, TlsFailed, ModelNotFound, ServerUnwell, ServerBusy, ConfigError)


class Servers:
    """The clients of one worker process, one per server and kind of key. Thread-safe.

    `allowed` are the only servers that this worker talks to and gives its key; empty: any that a run names.
    """

    def __init__(
        self,
        settings: Settings,
        slots: Slots,
        health: ServerHealth,
        streamed: StreamedTokens,
        worker: str,
        allowed: tuple[str, ...] = (),
    ) -> None:
        self._settings = settings
        self.admission, self.streamed = Admission(slots, worker), streamed
        self.watch = ServerWatch(health, worker, lambda url, engine: self.client(url, engine, control_s=CHECK_S))
        self._allowed = frozenset(checked_url(url, "--server-url") for url in allowed)
        self._clients: dict[tuple[str, str, float], Client] = {}
        self._lock = threading.Lock()
        self.stopping = threading.Event()

    def reachable(self, urls: Sequence[str]) -> tuple[str, ...]:
        """Those of a run's servers that this worker may talk to, as it names them. ConfigError if there is none."""
        names = [checked_url(url, "the run's server") for url in urls]
        found = tuple(dict.fromkeys(name for name in names if not self._allowed or name in self._allowed))
        if not found:
            raise ConfigError(
                f"this worker may not talk to {one_line(', '.join(urls), 200)}",
                remedy="start it with --server-url of that server",
            )
        return found

    def client(self, url: str, engine: str, *, control_s: float = 30.0) -> Client:
        """The client for one of the reachable servers; its token comes from this worker's environment."""
        with self._lock:
            client = self._clients.get((url, engine, control_s))
            if client is None:
                client = client_of(self._settings, engine, url, control_s=control_s)
                self._clients[url, engine, control_s] = client
            return client

    def stop(self) -> None:
        """End the waits for slots and between retries: the worker is shutting down."""
        self.stopping.set()
        self.admission.stop()


def generate(context: TaskContext, servers: Servers, message: object) -> None:
    """Ask for the completion that `message` names and answer on the run's stream.

    A malformed message goes to quarantine; what is not wanted any more, or cannot begin before this worker
    stops, is dropped without an answer. While Redis is away it waits (farm.queue.until_answered).
    """
    job = context.take(GenerateJob, message)
    if job is None:
        return
    try:
        config = context.blobs.record(GenerateConfig, job.run_id, job.config)
        prompt = context.blobs.record(Prompt, job.run_id, job.prompt)
        seed = sample_seed(config.sampling.seed, job.problem_id, job.index)
        wanted = partial(context.wanted, job)
        asked = ask(servers, config, prompt, seed, run_id=job.run_id, sample=str(job.key), wanted=wanted)
    except NotWanted:
        context.drop(job)
        return
    except FarmError as exc:
        pause = isinstance(exc, _PAUSES)
        context.fail(job, exc, final=isinstance(exc, Permanent) and not pause, pause=pause)
        return
    request, answer = asked.request, asked.answer
    text = encode(answer.text)
    reasoning = None if answer.reasoning is None else encode(answer.reasoning)
    completion = Completion(
        problem_id=job.problem_id,
        index=job.index,
        text_sha256=sha256_hex(text),
        reasoning_sha256=None if reasoning is None else sha256_hex(reasoning),
        prompt_sha256=request.prompt_digest(),
        finish_reason=None if answer.finish_reason is None else one_line(answer.finish_reason, 64),
        seed=request.seed,
        max_tokens=request.max_tokens if config.sampling.sends("max_tokens") else None,
        model=None if answer.model is None else one_line(answer.model, 200),
        usage=answer.usage,
        thought=thought_of(answer),
    )
    telemetry = GenerateTelemetry(
        worker=context.worker,
        server=asked.server,
        attempt=job.attempt,
        requests=asked.requests,
        latency_s=answer.latency_s,
        ttft_s=answer.ttft_s,
        stop_reason=one_line(answer.stop_reason or "", 200),
        cut_at=answer.cut_at or "",
        finished_at=time.time(),
    )
    context.answers.completion(job.run_id, job.fence, StoredCompletion(completion, telemetry, text, reasoning))
    log.info("completion of %d bytes in %.1f s from %s", len(text), answer.latency_s, asked.server)


@dataclass(frozen=True, slots=True)
class Asked:
    """An answer, the request that brought it and the server that gave it; `requests` counts failed ones too."""

    request: GenerateRequest
    answer: Generated
    server: str
    requests: int


def ask(
    servers: Servers,
    config: GenerateConfig,
    prompt: Prompt,
    seed: int,
    *,
    run_id: str,
    sample: str,
    wanted: Callable[[], bool],
) -> Asked:
    """Wait for a slot of one of the run's servers and ask; again, within bounds, where that can help.

    Raises NotWanted out of a wait, and an InferenceError when tries are used up or cannot help.
    """
    drive, model = config.drive, config.model
    urls = servers.reachable(drive.servers)
    # Silence is judged by the watch, which sees all requests of a server
    wish = GenerateRequest.of(
        prompt, model, config.sampling, seed=seed,
        deadline_s=drive.deadline_s, stall_s=drive.deadline_s, first_token_s=drive.deadline_s, stream=drive.stream,
    )  # fmt: skip
    expectation = Expectation(
        model.request_name, model.engine, model.chat, drive.stall_s, drive.first_token_s, drive.model_list
    )

    def once() -> Asked:
        began = time.monotonic()

        def still_wanted() -> bool:
            # A server may have been marked long ago, by a run that did not see it come back
            if time.monotonic() - began > drive.deadline_s:
                servers.watch.require_one_well(urls, drive.deadline_s)
            return wanted()

        # Each try waits for another slot: none is held while a server is given time to recover.
        with servers.admission.slot(run_id, urls, model.max_concurrency, still_wanted, sample) as url:
            client = servers.client(url, model.engine)
            try:
                accepted = partial(servers.admission.accepted, url)
                with servers.watch.flight(url, accepted) as flight, servers.streamed.following(url, run_id, flight):
                    request, _ = fit(client, wish, model.max_context)
                    answer = client.generate(request, flight)
            except Forbidden as exc:
                raise _of_the_key_or_the_sample(client, expectation, exc) from exc
            except (ConnectionLost, ServerError, ServerBusy) as exc:
                _tell(servers, url, exc)
                raise
        return Asked(request, answer, url, answer.requests)

    with servers.watch.over(urls, expectation):
        try:
            tried = retrying(once, stop=servers.stopping, budget_s=drive.deadline_s)
        except ServerBusy as exc:
            if servers.stopping.is_set():
                raise NotWanted from exc
            raise
    return replace(tried.value, requests=tried.calls - 1 + tried.value.requests)


def _tell(servers: Servers, url: str, error: ConnectionLost | ServerError | ServerBusy) -> None:
    """All requests of a server hear of what is a matter of the server."""
    if isinstance(error, ServerBusy):
        wait_s = None if error.retry_after_s is None else min(error.retry_after_s, WAIT_MAX_S)
        servers.admission.refused(url, Refused(isinstance(error, RateLimited), wait_s))
    if not isinstance(error, RateLimited):
        servers.watch.report(url, error)


def _of_the_key_or_the_sample(client: Client, wanted: Expectation, refused: Forbidden) -> InferenceError:
    """What a 403 is about: the sample alone, where the server takes another request with the same key."""
    try:
        client.generate(probe(wanted.model, wanted.chat, CHECK_S))
    except Transient as exc:
        return exc
    except InferenceError:
        return refused
    return RequestRejected(f"{refused.message}; other requests with the same key are accepted")
