"""A publisher that sends tasks by Celery itself, so that Flower gets an event for each of them (FARM_TASK_EVENTS)."""

from __future__ import annotations

from collections.abc import Sequence

from kombu.exceptions import OperationalError
from redis.exceptions import ConnectionError as RedisConnectionError

from farm.config import Settings
from farm.queue.celery_app import make_app, queue
from farm.queue.messages import TaskMessage


class CeleryPublisher:
    """Publishes as `RedisPublisher` does, one message at a time and with an event for each."""

    def __init__(self, settings: Settings) -> None:
        self._app = make_app(settings, "coordinator")

    def send(self, name: str, messages: Sequence[TaskMessage]) -> None:
        """Append to a queue, in order. Raises RedisError."""
        chosen = queue(name)
        try:
            with self._app.producer_or_acquire() as producer:
                for message in messages:
                    self._app.send_task(
                        message.task, kwargs={"job": message.job}, task_id=message.task_id, queue=chosen,
                        producer=producer, ignore_result=True, argsrepr="()", kwargsrepr=message.shown,
                    )  # fmt: skip
        except OperationalError as exc:
            raise RedisConnectionError(str(exc)) from exc

    def close(self) -> None:
        """End its connections."""
        self._app.close()
