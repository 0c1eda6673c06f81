"""The generate task: one prompt, one answer of the model server.

It runs in a thread of a worker that holds the server's key (from its own environment; no message ever
carries one). What the server cannot heal pauses the run or ends that sample; the rest is tried again.
"""

from __future__ import annotations

import threading
import time

from farm.config import Settings
from farm.errors import (
    AuthRejected,
    ConfigError,
    FarmError,
    ModelNotFound,
    Permanent,
)
from farm.ids import sample_seed, sha256_hex
from farm.inference.auth import bearer
from farm.inference.client import Client, Generated, GenerateRequest
from farm.inference.prompt_budget import fit
from farm.inference.retry import retrying
from farm.records import Completion, GenerateTelemetry, Prompt
from farm.tasks.context import TaskContext
from farm.tasks.wire import GenerateConfig, GenerateJob, parse
from farm.text import encode, one_line


class Servers:
    """The clients of one worker process, one per server and kind of key. Thread-safe.

    `allowed` are the only servers that this worker talks to and gives its key; empty: any that a run names.
    """

    def __init__(self, settings: Settings, allowed: tuple[str, ...] = ()) -> None:
        self._settings = settings
        self._allowed = frozenset(url.rstrip("/") for url in allowed)
        self._clients: dict[tuple[str, str], Client] = {}
        self._lock = threading.Lock()
        self.stopping = threading.Event()

    def client(self, url: str, engine: str) -> Client:
        """The client for a server; its token comes from this worker's environment.

        Raises ConfigError for a server that this worker may not talk to.
        """
        if self._allowed and url.rstrip("/") not in self._allowed:
            raise ConfigError(
                f"this worker may not talk to {one_line(url, 200)}", remedy="start it with --server-url of that server"
            )
        with self._lock:
            client = self._clients.get((url, engine))
            if client is None:
                token, origin = bearer(self._settings, engine)
                client = Client(url, token=token, token_origin=origin)
                self._clients[url, engine] = client
            return client

    def stop(self) -> None:
        """End the waits between retries: the worker is shutting down."""
        self.stopping.set()


def generate(context: TaskContext, servers: Servers, message: object) -> None:
    """Ask for the completion that `message` names and answer on the run's stream.

    A malformed message goes to quarantine. While Redis is away it waits (farm.tasks.patience).
    """
    job = context.take(GenerateJob, "generate", message)
    if job is None:
        return
    try:
        config = parse(GenerateConfig, context.blobs.get(job.run_id, job.config))
        prompt = parse(Prompt, context.blobs.get(job.run_id, job.prompt))
        seed = sample_seed(config.sampling.seed, job.problem_id, job.index)
        request, answer, requests = _ask(servers, config, prompt, seed)
    except FarmError as exc:
        pause = isinstance(exc, AuthRejected | ModelNotFound | ConfigError)  # somebody has to act first
        context.fail(job, "generate", exc, final=isinstance(exc, Permanent) and not pause, pause=pause)
        return
    text = encode(answer.text)
    reasoning = None if answer.reasoning is None else encode(answer.reasoning)
    completion = Completion(
        problem_id=job.problem_id,
        index=job.index,
        text_sha256=sha256_hex(text),
        reasoning_sha256=None if reasoning is None else sha256_hex(reasoning),
        prompt_sha256=request.prompt_digest(),
        finish_reason=None if answer.finish_reason is None else one_line(answer.finish_reason, 64),
        seed=seed,
        max_tokens=request.max_tokens,
        model=None if answer.model is None else one_line(answer.model, 200),
        usage=answer.usage,
    )
    telemetry = GenerateTelemetry(
        worker=context.worker,
        server=config.server,
        attempt=job.attempt,
        requests=requests,
        latency_s=answer.latency_s,
        ttft_s=answer.ttft_s,
        finished_at=time.time(),
    )
    context.answers.completion(job.run_id, job.fence, completion, telemetry, text, reasoning)


def _ask(servers: Servers, config: GenerateConfig, prompt: Prompt, seed: int) -> tuple[GenerateRequest, Generated, int]:
    client = servers.client(config.server, config.model.engine)
    wanted = GenerateRequest.of(
        prompt, config.model, config.sampling, seed=seed, deadline_s=config.deadline_s, stall_s=config.stall_s
    )

    def once() -> tuple[GenerateRequest, Generated]:
        request, _ = fit(client, wanted, config.model.max_context)
        return request, client.generate(request)

    tried = retrying(once, stop=servers.stopping, healthy=client.healthy, budget_s=config.deadline_s)
    request, answer = tried.value
    return request, answer, tried.calls - 1 + answer.requests
