"""Sending tasks by Celery itself, where Flower wants to hear of each that is sent (FARM_TASK_EVENTS)."""

from __future__ import annotations

from collections.abc import Sequence

from kombu.exceptions import OperationalError
from redis.exceptions import ConnectionError as RedisConnectionError

from farm.config import Settings
from farm.queue.celery_app import make_app, queue
from farm.queue.messages import Letter


class CeleryPost:
    """As `farm.queue.publisher.Post`, with an event for each task; one message at a time, so it takes longer."""

    def __init__(self, settings: Settings) -> None:
        self._app = make_app(settings, "coordinator")

    def send(self, name: str, letters: Sequence[Letter]) -> None:
        """Append to a queue, in order. Raises RedisError."""
        chosen = queue(name)
        try:
            with self._app.producer_or_acquire() as producer:
                for letter in letters:
                    self._app.send_task(
                        letter.task, kwargs={"job": letter.job}, task_id=letter.task_id, queue=chosen,
                        producer=producer, ignore_result=True, argsrepr="()", kwargsrepr=letter.shown,
                    )  # fmt: skip
        except OperationalError as exc:
            raise RedisConnectionError(str(exc)) from exc

    def close(self) -> None:
        """End its connections."""
        self._app.close()
