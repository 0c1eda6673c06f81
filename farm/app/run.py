"""Driving a recorded run to its end: the embedded stack or the cluster's workers, the driver, and Ctrl-C."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from types import FrameType

from farm.app.display import Display
from farm.app.embedded import EmbeddedStack, stack_or_cluster
from farm.app.home import blob_store
from farm.app.requests import RunOptions
from farm.config import Settings
from farm.coordinator.driver import Driver, QueueAccess
from farm.coordinator.progress import Ended, Progress
from farm.coordinator.servers import window
from farm.environments.runtimes import program_runtime
from farm.errors import FarmError, Interrupted, RunIncomplete
from farm.ids import DEFAULT_RUNTIME
from farm.inference.auth import bearer
from farm.ledger.control import order_drive
from farm.ledger.journal import CANCELLED, INTERRUPTED
from farm.ledger.ledger import Ledger
from farm.logs import log_run
from farm.planning.resuming import check_resumable
from farm.queue import broker
from farm.queue.messages import GenerateConfig
from farm.queue.publisher import publisher_for
from farm.queue.redis_keys import Keys
from farm.queue.signing import signer
from farm.records import RunSpec
from farm.records.phases import Phase, Stage
from farm.sandbox.confinement import Confinement

GENERATE_SLOTS_MAX = 512
STOPPING = "stopping: waiting for requests and programs that are under way, a few seconds (Ctrl-C again: stop now)"


def run_to_end(
    settings: Settings,
    ledger: Ledger,
    run_id: str,
    options: RunOptions,
    *,
    display: Display,
    retry_unjudged: bool = False,
    until: Callable[[int], bool] = lambda ended: False,
) -> Ended:
    """Drive a recorded run until nothing is left to do, or it pauses; nothing is written but the ledger.

    It is paused, too, when `until` says so of the number of samples that have ended.

    Raises Interrupted after a second Ctrl-C, SpecMismatch or DigestMismatch for a run that cannot go on as planned.
    """
    spec = ledger.run(run_id).spec
    check_resumable(ledger, run_id, blob_store(settings))
    stack = None if settings.broker_url is not None else _stack(settings, spec, options)
    if stack is None and (options.workers or options.confinement != Confinement()):
        display.say("caution: --workers, --sandbox and the like are for embedded workers; yours decide")
    journal = ledger.acquire(run_id, ordered=options.by_service)
    released = False
    try:
        if retry_unjudged:
            journal.retry_unjudged()
        with (
            stopping(STOPPING, display) as stop,
            stack_or_cluster(stack, settings) as live_settings,
            closing(broker.client(live_settings)) as connection,
            closing(publisher_for(live_settings)) as publisher,
        ):
            model = spec.model.name if spec.model else spec.kind
            token = bearer(settings, spec.model.engine)[0] if spec.model else None
            with (
                log_run(live_settings, run_id, model, token),
                display.run(generates=spec.generates, judges=spec.judged) as show,
            ):

                def on_progress(progress: Progress) -> None:
                    show(progress)
                    if until(progress.phases[Phase.JUDGED] + progress.phases[Phase.UNJUDGED]):
                        stop.set()

                driver = Driver(
                    ledger,
                    journal,
                    QueueAccess(connection, Keys(live_settings.key_prefix), publisher, signer(live_settings)),
                    load=blob_store(settings).get,
                    generate=_generate_config(spec, options),
                    on_progress=on_progress,
                    check=stack.check if stack is not None else lambda: None,
                )
                released = True  # by the driver, whatever happens from here on
                ended = driver.run(stop)
    except KeyboardInterrupt:
        with suppress(FarmError):
            journal.release("paused", INTERRUPTED, keep_order=True)
        raise Interrupted(f"run {run_id} is interrupted", remedy=f"continue with: farm resume {run_id}") from None
    finally:
        if not released:
            with suppress(FarmError):
                journal.release("paused", "it did not start", keep_order=options.by_service)
    return ended


def detach(ledger: Ledger, run_id: str, options: RunOptions, *, display: Display, retry_unjudged: bool) -> int:
    """Leave a run to a farm coordinator, and return at once. RunLocked if another process drives it."""
    if retry_unjudged:
        journal = ledger.acquire(run_id)
        journal.retry_unjudged()
        journal.release("paused", "detached")
    order_drive(ledger, run_id, options.drive)
    display.say(f"run {run_id} waits for a farm coordinator; follow it: farm watch {run_id}")
    return 0


def refuse_paused(run_id: str, ended: Ended) -> None:
    """Raise the error that says why a run is paused, and how to go on."""
    if ended.state == "paused":
        resume = f"continue with: farm resume {run_id}"
        if ended.reason == CANCELLED:
            raise RunIncomplete(f"run {run_id} was cancelled; what was done is kept", remedy=resume)
        if ended.reason == INTERRUPTED:
            raise Interrupted(f"run {run_id} is interrupted; what was done is kept", remedy=resume)
        raise RunIncomplete(f"run {run_id} is paused: {ended.reason}", remedy=f"mend that, then {resume}")


def _stack(settings: Settings, spec: RunSpec, options: RunOptions) -> EmbeddedStack:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    servers, runtime = options.drive.servers or spec.servers, spec.judge.runtime
    return EmbeddedStack(
        settings,
        execute_slots=(options.workers or cores) if spec.judged else 0,
        generate_slots=min(window(spec.model.max_concurrency * len(servers)), GENERATE_SLOTS_MAX)
        if spec.model and spec.generates
        else 0,
        scores=spec.after_completion is Stage.SCORE,
        servers=servers,
        confinement=options.confinement,
        runtime=None if runtime == DEFAULT_RUNTIME else program_runtime(settings, runtime),
    )


def _generate_config(spec: RunSpec, options: RunOptions) -> GenerateConfig | None:
    if spec.model is None or not spec.generates:
        return None
    drive = options.drive.model_copy(update={"servers": options.drive.servers or spec.servers})
    return GenerateConfig(model=spec.model, sampling=spec.sampling, drive=drive)


@contextmanager
def stopping(words: str, display: Display) -> Iterator[threading.Event]:
    """An event that Ctrl-C or SIGTERM sets, with these words; a second one raises KeyboardInterrupt.

    Only the main thread of a process may handle signals. In another one (a server's, a notebook's executor) the
    event is never set by a signal, and what the process does on Ctrl-C stays as it is.
    """
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def handler(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        display.say(words)

    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
