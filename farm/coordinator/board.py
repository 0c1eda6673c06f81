"""What a run shows in Redis: that it wants work, on which queue, and under which fence.

Written again each second, so that a Redis that was emptied learns it anew; gone when the run ends.
"""

from __future__ import annotations

from collections.abc import Iterable

import redis

from farm.errors import RunExists
from farm.records import ServedModel
from farm.tasks.keys import RUN_TTL_S, Keys, generate_queue


class RunBoard:
    """The keys of one run that are neither jobs, answers nor blobs."""

    def __init__(
        self, connection: redis.Redis, keys: Keys, run_id: str, fence: int, model: ServedModel | None, identity: str
    ) -> None:
        self._redis, self._keys, self._run_id, self._fence, self._model = connection, keys, run_id, fence, model
        self._identity = identity

    def own(self) -> None:
        """Take the run's name on this Redis. Raises RunExists when a run of another ledger has it."""
        name = self._keys.identity(self._run_id)
        self._redis.set(name, self._identity, nx=True, ex=RUN_TTL_S)
        if self._redis.get(name) not in (self._identity.encode(), None):
            raise RunExists(f"another run named {self._run_id} uses this Redis", remedy="give another --run-id")

    def announce(self) -> None:
        """Say that this run wants work, to workers that hold its jobs and to those that could serve its model."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.set(self._keys.identity(self._run_id), self._identity, ex=RUN_TTL_S)
        pipe.set(self._keys.state(self._run_id), str(self._fence), ex=RUN_TTL_S)
        if self._model is not None:
            pipe.sadd(self._keys.generate_queues, generate_queue(self._model.repo))
            pipe.expire(self._keys.generate_queues, RUN_TTL_S)
        pipe.execute()

    def withdraw(self) -> None:
        """Want nothing more: workers drop the jobs that they take from now on."""
        self._redis.delete(self._keys.state(self._run_id))

    def clear(self) -> None:
        """Delete every key of the run."""
        names = list(self._redis.scan_iter(match=self._keys.of_run(self._run_id), count=1000))
        if names:
            self._redis.unlink(*names)

    def without_worker(self, roles: Iterable[str]) -> list[str]:
        """Those of `roles` for which no living worker is connected."""
        present = set()
        for name in self._redis.scan_iter(match=self._keys.worker("*"), count=1000):
            role = self._redis.hget(name, "role")
            if role is not None:
                present.add(role.decode() if isinstance(role, bytes) else role)
        return [role for role in roles if role not in present]
