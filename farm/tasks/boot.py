"""Starting a worker: what it is checked for, which task it registers, how its processes begin and end.

An execute worker proves its sandbox before it consumes anything, and registers the execute task alone;
a generate worker registers the generate task alone. So whoever writes to Redis can reach no more than
that role. How a worker ends on SIGTERM: farm/tasks/shutdown.py.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from celery import Celery, signals
from celery.platforms import SecurityWarning
from redis.exceptions import RedisError

from farm.admission.server_health import ServerHealth
from farm.admission.slots import Slots
from farm.config import Settings
from farm.errors import ConfigError
from farm.ids import DEFAULT_RUNTIME
from farm.inference.auth import bearer
from farm.judging.open import DOCKER, open_sandbox
from farm.judging.selftest import require_safe
from farm.logs import log_worker
from farm.processes import die_with_parent
from farm.queue import broker
from farm.queue.broker_checks import ready_for_a_worker
from farm.queue.celery_app import NO_LEASE_S, VISIBILITY_S, execute_queues, make_app
from farm.queue.messages import (
    EXECUTE_TASK,
    GENERATE_TASK,
    SCORE_TASK,
    ExecuteBatch,
    GenerateJob,
    ScoreJob,
    SignedMessage,
)
from farm.queue.redis_keys import Keys, generate_queue, score_queue
from farm.queue.signing import Signer
from farm.queue.signing import signer as signer_of
from farm.sandbox.api import Sandbox, SandboxInfo
from farm.sandbox.confinement import Confinement
from farm.tasks.context import TaskContext
from farm.tasks.execute import execute
from farm.tasks.failures import answer_what_fails
from farm.tasks.guard import Guard, GuardedConsumer, install
from farm.tasks.heartbeat import FollowQueues, Heartbeat, RenewLeases, WorkerFacts, WriteAcknowledgements, lacking
from farm.tasks.score import score
from farm.tasks.shutdown import DRAIN_S, drain_on_shutdown

log = logging.getLogger(__name__)
KINDS: dict[str, dict[str, type[SignedMessage]]] = {  # role -> the only tasks that its worker has, and what they take
    "execute": {EXECUTE_TASK: ExecuteBatch},
    "generate": {GENERATE_TASK: GenerateJob},
    "score": {SCORE_TASK: ScoreJob},
}


def run_execute_worker(
    settings: Settings, *, slots: int, name: str | None, confinement: Confinement, least_slots: int | None = None
) -> int:
    """Consume execute jobs until told to stop; the exit code. `slots` programs run at a time.

    With fewer `least_slots` the pool begins with those, grows while jobs wait and shrinks after half a minute
    without: so hosts can be shared with other work.

    Raises BrokerUnavailable, and SandboxUnavailable when this host cannot confine a program: then
    nothing was consumed.
    """
    worker, signer = _name("execute", name), signer_of(settings)
    kinds = _kinds(settings, confinement)
    proven = {runtime: _proven(settings, kind) for runtime, kind in kinds.items()}
    app = _prepare(settings, "execute", worker, slots, proven, signer)

    open_now: dict[str, Sandbox] = {}  # by runtime, of this pool process
    context: list[TaskContext] = []

    def open_slot(runtime: str) -> Sandbox:
        if runtime not in open_now:
            open_now[runtime] = _open(kinds[runtime], proven[runtime])
        return open_now[runtime]

    @app.task(name=EXECUTE_TASK)  # type: ignore[untyped-decorator]
    def farm_execute(job: object) -> None:
        execute(context[0], open_slot, job)

    def begin(**_: Any) -> None:
        die_with_parent()  # programs of a killed worker must not go on
        context.append(TaskContext.make(settings, worker, signer))

    def end(exitcode: int, **_: Any) -> None:
        while open_now:
            open_now.popitem()[1].close()
        os._exit(exitcode)  # billiard would sleep for a second: nothing of this process is waited for but its end

    signals.worker_process_init.connect(begin, weak=False)
    signals.worker_process_shutdown.connect(end, weak=False)
    answer_what_fails(ExecuteBatch, lambda: TaskContext.make(settings, worker, signer))
    return _start(app, worker, pool="prefork", slots=slots, least=least_slots, queues=execute_queues(settings))


def run_generate_worker(
    settings: Settings,
    *,
    slots: int,
    name: str | None,
    models: tuple[str, ...],
    servers: tuple[str, ...],
    drain_s: float = DRAIN_S,
) -> int:
    """Consume generate jobs until told to stop; the exit code. `slots` requests are out at a time.

    Told to stop, it waits `drain_s` for the requests that are out, then hands their jobs back.
    `models` are HF repo ids; none means every model that a run announces. `servers` are the only ones
    that get this worker's key; none means any that a run names. Raises BrokerUnavailable.
    """
    from farm.admission.streamed import StreamedTokens
    from farm.tasks.generate import Servers, generate  # the execute image has no HTTP client

    worker, signer = _name("generate", name), signer_of(settings)
    app = _prepare(settings, "generate", worker, slots, {}, signer)
    context = TaskContext.make(settings, worker, signer)
    shared = context.connection, context.keys
    clients = Servers(settings, Slots(*shared), ServerHealth(*shared), StreamedTokens(*shared, worker), worker, servers)
    if not servers and not broker.address(settings).local:
        log.warning("whoever writes to Redis decides which server gets this worker's key; restrict it: --server-url")

    @app.task(name=GENERATE_TASK)  # type: ignore[untyped-decorator]
    def farm_generate(job: object) -> None:
        generate(context, clients, job)

    answer_what_fails(GenerateJob, lambda: context)
    drain_on_shutdown(app, clients.stop, drain_s)
    queues = [generate_queue(model) for model in models]
    if not queues:
        app.steps["consumer"].add(FollowQueues)
        queues = ["generate.any"]  # Celery needs one; nothing is ever sent to it
    return _start(app, worker, pool="threads", slots=slots, queues=queues)


def run_score_worker(settings: Settings, *, name: str | None, environments: Mapping[str, str]) -> int:
    """Consume score jobs of `environments` (name -> its Python) until told to stop; the exit code.

    It has no key of a model server, and each job runs in a process of its environment that has no secret at all.
    Raises BrokerUnavailable.
    """
    worker, signer = _name("score", name), signer_of(settings)
    app = _prepare(settings, "score", worker, 1, {}, signer, tuple(environments))
    context = TaskContext.make(settings, worker, signer)

    @app.task(name=SCORE_TASK)  # type: ignore[untyped-decorator]
    def farm_score(job: object) -> None:
        score(context, environments, job)

    answer_what_fails(ScoreJob, lambda: context)
    return _start(app, worker, pool="threads", slots=1, queues=[score_queue(name) for name in environments])


def _prepare(
    settings: Settings,
    role: str,
    worker: str,
    slots: int,
    sandboxes: dict[str, SandboxInfo],
    signer: Signer,
    environments: tuple[str, ...] = (),
) -> Celery:
    token = bearer(settings, "vLLM")[0] if role == "generate" else None
    log_worker(settings, worker, role, token)
    connection, keys = ready_for_a_worker(settings, worker), Keys(settings.key_prefix)
    once = broker.client(settings, retries=0, bounded=True)
    guard = Guard(connection, once, keys, role, KINDS[role], signer, worker)
    install(guard)
    missing = lacking()
    if missing:
        log.warning(
            "no lease: kombu has no %s here. What a killed worker held comes back after %d h, not %d s",
            ", ".join(missing), NO_LEASE_S // 3600, VISIBILITY_S,
        )  # fmt: skip
    app = make_app(settings, role, visibility_s=NO_LEASE_S if missing else VISIBILITY_S)
    app.conf.worker_consumer = GuardedConsumer
    app.farm_worker = WorkerFacts(
        worker,
        role,
        slots,
        sandboxes,
        keys,
        connection,
        guard,
        signer.key_id,
        environments,
        health_file=settings.health_file,
    )
    app.steps["consumer"].add(Heartbeat)
    app.steps["consumer"].add(WriteAcknowledgements)
    if not missing:
        app.steps["consumer"].add(RenewLeases)
    return app


def _start(app: Celery, name: str, *, pool: str, slots: int, queues: list[str], least: int | None = None) -> int:
    signals.setup_logging.connect(lambda **_: None, weak=False)  # Celery leaves logging as it is
    # Tiers `ns` and `uid` need root, and pickle, the reason for the warning, is switched off.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    worker = app.Worker(
        hostname=name, pool=pool, concurrency=slots, queues=queues, loglevel="INFO", quiet=True,
        autoscale=None if least in (None, slots) else f"{slots},{least}",
        without_gossip=True, without_mingle=True, without_heartbeat=not app.conf.worker_send_task_events,
    )  # fmt: skip
    worker.start()
    app.farm_worker.ended.set()
    with suppress(RedisError):  # it may be what made us stop; the key's TTL does the rest
        app.farm_worker.guard.unacked.flush()
        with app.farm_worker.heartbeat_lock:
            app.farm_worker.connection.delete(app.farm_worker.keys.worker(name))
    return int(worker.exitcode or 0)


def _name(role: str, name: str | None) -> str:
    host = socket.gethostname()
    token = secrets.token_hex(2)  # a container that starts again may have the same pid and host
    if name is None:
        return f"{role}-{os.getpid()}-{token}@{host}"
    # Who takes the place of a dead worker of this name has none of its claims, so the name alone is not enough
    return f"{name if '@' in name else f'{name}@{host}'}.{token}"


def _kinds(settings: Settings, chosen: Confinement) -> dict[str, Confinement]:
    """How the programs of each runtime are confined: all in the same way, each with its interpreter."""
    named = {r.name: replace(chosen, python=r.python, preload=r.preload) for r in settings.program_runtimes}
    return {DEFAULT_RUNTIME: chosen, **named}


def _open(chosen: Confinement, proven: SandboxInfo) -> Sandbox:
    """A sandbox of the kind that was proven: what `auto` found then is not looked for again."""
    tier = DOCKER if proven.tier.startswith(DOCKER) else proven.tier
    return open_sandbox(tier=tier, python=chosen.python, preload=chosen.preload, container=chosen.container)


def _proven(settings: Settings, chosen: Confinement) -> SandboxInfo:
    """What passed its self-test here. Running unconfined takes two words and a broker of this host."""
    if chosen.tier != "none":
        with require_safe(
            chosen.tier, python=chosen.python, preload=chosen.preload, container=chosen.container
        ) as sandbox:
            return sandbox.info
    if not settings.allow_unsandboxed:
        raise ConfigError("--sandbox none needs FARM_ALLOW_UNSANDBOXED=1", remedy="its results enter no score")
    if not broker.address(settings).local:
        raise ConfigError("--sandbox none works with a broker on this machine only", remedy="use --sandbox auto")
    return SandboxInfo(chosen.tier)
