"""What stands between the queues and Celery: no message can end a worker or make it do anything but a job.

A stock worker exits on an entry that is no JSON, on a body that is not Base64, on a time limit that is no number. It
treats an entry without properties as a lost connection, and then starts every job it holds a second time. So this
module subclasses three classes of the pinned kombu and Celery (tests/unit/tasks/test_guard.py fails when another
version differs there):

* `Channel._connparams`: no reply of Redis takes more memory than a worker has to give (farm.queue.bounded_replies).
* `Channel._brpop_read`: each entry is opened by farm.queue.envelope before kombu builds a message of it.
  A Redis that refuses writes (no memory, a full disk, no replicas, a replica) is asked again, where kombu would end.
* `QoS`: unacknowledged messages are recorded by a background thread (farm.tasks.unacked), so the event loop waits for
  no reply. When a connection is lost, tasks go on, so their messages are not given to other workers (kombu
  would put them back in the queue, and each would run twice after a reconnect); those that end are acknowledged
  although their channel is gone. A record that Redis refuses stops no task.
* `Consumer`: what Celery refuses or fails on all the same is counted, rejected and survived.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from queue import Empty
from typing import Any, ClassVar

import redis
from celery.worker import state
from celery.worker.consumer import Consumer
from kombu import transport as transports
from kombu.transport import redis as kombu_redis
from kombu.transport import virtual
from kombu.utils.json import dumps
from redis.exceptions import ReadOnlyError, RedisError, ResponseError

from farm.errors import MessageRejected, ProtocolError, VersionSkew
from farm.queue.bounded_replies import BOUNDED
from farm.queue.envelope import HANDED_BACK, BadEnvelope, Envelope, open_envelope
from farm.queue.messages import SignedMessage
from farm.queue.quarantine import Quarantine
from farm.queue.redis_keys import Keys
from farm.queue.signing import Signer
from farm.tasks.background import BackgroundCall
from farm.tasks.unacked import UnackedMessages
from farm.text import one_line

log = logging.getLogger(__name__)

# What reading a message may raise by the message's fault; a lost connection is none of them.
BROKEN = (ValueError, TypeError, AttributeError, LookupError, RecursionError)
REFUSED_AGAIN_S = 2.0  # between two connections to a Redis that refuses writes
REFUSED_PAUSE_S = 1.0  # of the event loop, which has nothing else to do then
FLOOD = 50  # refused in a row: from here on junk is taken out by the thousand
FLOOD_COUNT, FLOOD_BYTES = 1000, 4 << 20
FLOOD_TURNS = 5
# KEYS queue; ARGV count, bytes: the oldest entries, as long as they are few and small.
POP_SOME = """
local found, size = {}, 0
for i = 1, tonumber(ARGV[1]) do
  local entry = redis.call('RPOP', KEYS[1])
  if not entry then break end
  found[i] = entry
  size = size + #entry
  if size >= tonumber(ARGV[2]) then break end
end
return found
"""


class Guard:
    """Opens entries for one worker process and notes what it refuses. Used by the event loop's thread alone."""

    def __init__(
        self,
        connection: redis.Redis,
        once: redis.Redis,
        keys: Keys,
        role: str,
        kinds: Mapping[str, type[SignedMessage]],
        signer: Signer,
        worker: str,
    ) -> None:
        """`once` is a client that sends no command again: it moves messages. `kinds`: what each task of a worker of
        this role takes; `worker`: its name, for the notes.
        """
        self.quarantine = Quarantine(once, keys)
        self._redis, self._keys, self._kinds, self._worker = once, keys, kinds, worker
        self._signer = signer
        self.unacked = UnackedMessages(connection, keys, role)
        self.restoring = BackgroundCall("restoring")
        self._pop_some = once.register_script(POP_SOME)
        self._in_a_row = 0

    def open(self, raw: bytes, queue: str) -> Envelope | None:
        """The message in an entry; None if it was refused, and noted. Raises RedisError."""
        try:
            envelope = self._opened(raw, queue)
        except VersionSkew as exc:
            self._hand_back(raw, queue, exc)
            return None
        except ProtocolError as exc:
            self._refuse([exc])
            self._in_a_row += 1
            if self._in_a_row >= FLOOD:
                for _ in range(FLOOD_TURNS):  # then the event loop has its turn: this worker must say that it lives
                    if not self._clear(queue):
                        break
            return None
        self._in_a_row = 0
        return envelope

    def _opened(self, raw: bytes, queue: str) -> Envelope:
        envelope = open_envelope(raw, queue, self._kinds)
        try:
            self._signer.check(envelope.job)
        except MessageRejected as exc:
            raise BadEnvelope(exc.message, envelope.payload["headers"]) from exc
        return envelope

    def _hand_back(self, raw: bytes, queue: str, exc: VersionSkew) -> None:
        """Put a job of another schema behind all others, once: a worker of its version may come by."""
        payload = json.loads(raw)
        if payload["headers"].get(HANDED_BACK):
            self._refuse([BadEnvelope(f"VersionSkew, handed back once: {exc.message}", payload["headers"])])
            return
        payload["headers"][HANDED_BACK] = True
        self._redis.lpush(self._keys.queue(queue), json.dumps(payload))

    def refuse(self, reason: str, headers: object) -> None:
        """Note a message that passed `open` and was refused later."""
        self.quarantine.refuse(reason, headers=headers, worker=self._worker)

    def _refuse(self, refused: list[ProtocolError]) -> None:
        notes = [(exc.message, getattr(exc, "headers", None)) for exc in refused]
        self.quarantine.refuse_many(notes, worker=self._worker)

    def _clear(self, queue: str) -> bool:
        """Take many entries at once and put the good ones back where they were; whether more junk is likely behind.

        A kill in between loses messages, as a kill of any worker may; the coordinator sends them again.
        """
        refused: list[ProtocolError] = []
        good: list[bytes] = []
        found: list[bytes] = self._pop_some(keys=[self._keys.queue(queue)], args=[FLOOD_COUNT, FLOOD_BYTES])
        for raw in found:
            try:
                self._opened(raw, queue)
                good.append(raw)
            except VersionSkew:
                good.append(raw)
            except ProtocolError as exc:
                refused.append(exc)
        if good:
            self._redis.rpush(self._keys.queue(queue), *reversed(good))
            self._in_a_row = 0
        self._refuse(refused)
        return bool(found) and not good


def stopping() -> bool:
    """Whether this worker was told to end. Exit code 0 means "stop" here, so truth would be wrong."""
    return any(wish is not None and wish is not False for wish in (state.should_stop, state.should_terminate))


class GuardedQoS(kombu_redis.QoS):  # type: ignore[misc]
    """Bookkeeping of what is unacknowledged, also when the channel that it came by has been closed."""

    def append(self, message: Any, delivery_tag: str) -> None:
        where = message.delivery_info
        self.channel.guard.unacked.add(delivery_tag, dumps([message._raw, where["exchange"], where["routing_key"]]))
        virtual.QoS.append(self, message, delivery_tag)

    def ack(self, delivery_tag: str) -> None:
        if self._gone() or stopping():  # nothing will tell Redis later
            with _refusal_logged():
                self.channel.guard.unacked.acknowledge(delivery_tag)
        else:
            self.channel.guard.unacked.acknowledge_later(delivery_tag)
        virtual.QoS.ack(self, delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        if not requeue:
            self.ack(delivery_tag)
            return
        with _refusal_logged():
            self.channel.guard.unacked.flush()
            super().reject(delivery_tag, requeue)

    def restore_unacked_once(self, stderr: Any = None) -> None:
        if not stopping():  # the connection was lost: what runs goes on, and the lease keeps it
            for request in list(state.active_requests):
                self._delivered.pop(request.message.delivery_tag, None)
        with suppress(RedisError):  # what is not noted cannot be given back: it is found missing
            self.channel.guard.unacked.flush()
        with suppress(*((AttributeError, ConnectionError) if self._gone() else ())):
            super().restore_unacked_once(stderr)

    def restore_visible(self, *arguments: Any, **options: Any) -> None:
        """kombu's own, which returns the messages of dead workers to their queues, in a background thread."""
        self.channel.guard.restoring.start(lambda: kombu_redis.QoS.restore_visible(self, *arguments, **options))

    def _gone(self) -> bool:
        connection = getattr(self.channel, "connection", None)
        return connection is None or getattr(connection, "client", None) is None


@contextmanager
def _refusal_logged() -> Iterator[None]:
    """The message comes back after the visibility timeout, and is stale then."""
    try:
        yield
    except ResponseError as exc:
        log.warning("Redis takes no acknowledgement: %s", exc)


class _Guarded:
    """Part of a channel: its entries pass the guard. kombu has a channel for a server and one for sentinels."""

    QoS = GuardedQoS
    guard: ClassVar[Guard]
    client: Any
    connection: Any
    connection_errors: Any
    sep: str
    _queue_cycle: Any
    _flush_brpop_reauth: Any

    def _connparams(self, *arguments: Any, **options: Any) -> dict[str, Any]:
        given: dict[str, Any] = super()._connparams(*arguments, **options)  # type: ignore[misc]
        return {**given, **BOUNDED}

    def _brpop_read(self, **options: Any) -> bool:
        """kombu's own, but for what happens between the reply and the delivery."""
        try:
            try:
                reply = self.client.parse_response(self.client.connection, "BRPOP", **options)
            except self.connection_errors:
                self.client.connection.disconnect()  # the next turn opens a new one
                raise
            except ResponseError as exc:
                log.warning("Redis gives out no work: %s", exc)
                if isinstance(exc, ReadOnlyError):
                    self.client.connection.disconnect()  # a replica now; the server's name may lead to its successor
                threading.Event().wait(REFUSED_PAUSE_S)
                raise Empty from exc
            if not reply:
                raise Empty
            where, raw = reply
            queue = where.decode("utf-8", "replace").rsplit(self.sep, 1)[0]
            self._queue_cycle.rotate(queue)
        finally:
            self._in_poll = None
            self._flush_brpop_reauth()
        envelope = self.guard.open(raw, queue)
        if envelope is not None:
            self.connection._deliver(envelope.payload, queue)
        return True


class GuardedChannel(_Guarded, kombu_redis.Channel):  # type: ignore[misc]
    """A channel of one server."""


class GuardedSentinelChannel(_Guarded, kombu_redis.SentinelChannel):  # type: ignore[misc]
    """A channel of the server that sentinels name."""


class GuardedConsumer(Consumer):  # type: ignore[misc]
    """Celery's consumer; what it refuses is counted, and no message ends it."""

    def create_task_handler(self, *arguments: Any, **options: Any) -> Any:
        handle = super().create_task_handler(*arguments, **options)

        def guarded(message: Any) -> Any:
            try:
                return handle(message)
            except BROKEN as exc:
                log.exception("a message that Celery cannot handle")
                self._note(f"Celery cannot handle it: {type(exc).__name__}", message)
                if not message.acknowledged:
                    message.reject_log_error(log, self.connection_errors)
                return None

        return guarded

    def on_unknown_message(self, body: Any, message: Any) -> None:
        self._note("Celery does not know its form", message)
        super().on_unknown_message(body, message)

    def on_unknown_task(self, body: Any, message: Any, exc: Exception) -> None:
        self._note("Celery does not know its task", message)
        super().on_unknown_task(body, message, exc)

    def on_invalid_task(self, body: Any, message: Any, exc: Exception) -> None:
        self._note("Celery takes it for invalid", message)
        super().on_invalid_task(body, message, exc)

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        self._note("Celery cannot decode it", message)
        super().on_decode_error(message, exc)

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Before Celery connects again, which it would do without a pause while Redis refuses (no replicas, OOM)."""
        if not isinstance(exc, ResponseError):
            super().on_connection_error_after_connected(exc)
            return
        log.warning("Redis refuses for now, trying again in %.0f s: %s", REFUSED_AGAIN_S, one_line(str(exc), 200))
        celerys = logging.getLogger("celery.worker.consumer.consumer")
        celerys.disabled = True  # it would write a traceback each time
        try:
            super().on_connection_error_after_connected(exc)
        finally:
            celerys.disabled = False
        threading.Event().wait(REFUSED_AGAIN_S)

    def _note(self, reason: str, message: Any) -> None:
        self.app.farm_worker.guard.refuse(reason, message.headers)


def install(guard: Guard) -> None:
    """Let every Redis connection of Celery in this process pass `guard`. Before the first connection."""
    channel = type("Channel", (GuardedChannel,), {"guard": guard})
    by_sentinel = type("SentinelChannel", (GuardedSentinelChannel,), {"guard": guard})
    one = type("Transport", (kombu_redis.Transport,), {"Channel": channel})
    named = type("SentinelTransport", (kombu_redis.SentinelTransport,), {"Channel": by_sentinel})
    for alias, transport in (("redis", one), ("rediss", one), ("sentinel", named)):  # redis+socket:// is `redis` too
        transports.TRANSPORT_ALIASES[alias] = partial(_the, transport)
        transports._transport_cache.pop(alias, None)


def _the(transport: type) -> type:
    return transport
