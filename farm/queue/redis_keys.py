"""The names of farm's keys in Redis, in one place.

All start with the prefix of the settings, so that farm can share a Redis. All keys of a run have a
TTL that the coordinator renews; it deletes them when the run ends.
"""

from __future__ import annotations

from dataclasses import dataclass

from farm.ids import DEFAULT_RUNTIME

RUN_TTL_S = 7 * 24 * 3600  # of a run's keys, renewed while a coordinator drives it
WORKER_TTL_S = 8  # a worker without a heartbeat for so long is dead


def execute_queue(runtime: str) -> str:
    """The queue of programs that need a runtime: workers that have this runtime take from it."""
    return "execute" if runtime == DEFAULT_RUNTIME else f"execute.{runtime}"


def generate_queue(repo: str) -> str:
    """The queue of a served model. One per model: a worker may serve only some."""
    return "generate." + "".join(c if c.isalnum() or c in "-._" else "_" for c in repo)


def score_queue(environment: str) -> str:
    """The queue of an evaluation environment: workers whose host has it take from it."""
    return f"score.{environment}"


def unacked_names(role: str) -> dict[str, str]:
    """kombu's names for the unacknowledged messages of a role; separate, so that no role needs another's keys."""
    return {f"{name}_key": f"{name}.{role}" for name in ("unacked", "unacked_index", "unacked_mutex")}


@dataclass(frozen=True, slots=True)
class Keys:
    """Key names under one prefix."""

    prefix: str

    def queue(self, queue: str) -> str:
        """The list that Celery keeps a queue in."""
        return f"{self.prefix}{queue}"

    def unacked(self, role: str) -> tuple[str, str]:
        """Where kombu keeps the unacknowledged messages of a role: by tag (hash), and since when."""
        names = unacked_names(role)
        return f"{self.prefix}{names['unacked_key']}", f"{self.prefix}{names['unacked_index_key']}"

    @property
    def generate_queues(self) -> str:
        """Set: queues that runs have announced; generate workers follow it."""
        return f"{self.prefix}generate-queues"

    @property
    def quarantine(self) -> str:
        """List: refused messages, newest first."""
        return f"{self.prefix}quarantine"

    @property
    def quarantine_counts(self) -> str:
        """Hash: how many messages were refused, and how many jobs were stale."""
        return f"{self.prefix}quarantine-counts"

    def worker(self, name: str) -> str:
        """Hash: the heartbeat of one worker and what it says of itself."""
        return f"{self.prefix}worker:{name}"

    @property
    def servers(self) -> str:
        """Set: URLs of the model servers that had requests recently."""
        return f"{self.prefix}servers"

    def server(self, url: str, what: str) -> str:
        """What is known of a model server: `leases` (sorted set), `limit` (string, an operator's), hashes `facts` and
        `streamed`."""
        return f"{self.prefix}server:{url}:{what}"

    def admission(self, what: str) -> str:
        """What belongs to all model servers: `tickets` (hash of waiting requests), `epoch`, `closed` (strings)."""
        return f"{self.prefix}admission:{what}"

    def drain(self, name: str) -> str:
        """String: a request that this worker drain; the worker reads it with each heartbeat."""
        return f"{self.prefix}drain:{name}"

    def state(self, run_id: str) -> str:
        """String: the fence of the coordinator that drives this run; absent when none does."""
        return f"{self.prefix}run:{run_id}:state"

    def identity(self, run_id: str) -> str:
        """String: identifies the ledger to which the run of this name belongs."""
        return f"{self.prefix}run:{run_id}:identity"

    def outstanding(self, run_id: str) -> str:
        """Hash: `stage/sample key` -> attempt whose answer is awaited; a message that is not in it is stale."""
        return f"{self.prefix}run:{run_id}:outstanding"

    def progress(self, run_id: str) -> str:
        """String: the progress of the run, for `farm watch`."""
        return f"{self.prefix}run:{run_id}:progress"

    def answers(self, run_id: str) -> str:
        """Stream: the answers of workers."""
        return f"{self.prefix}run:{run_id}:answers"

    def claims(self, run_id: str) -> str:
        """Hash: `stage/sample key` -> `attempt/worker` of work in progress."""
        return f"{self.prefix}run:{run_id}:claims"

    def starts(self, run_id: str) -> str:
        """Hash: `stage/sample key` -> `attempt/number/call`: how often an attempt was started, and the latest start."""
        return f"{self.prefix}run:{run_id}:starts"

    def blob(self, run_id: str, digest: str) -> str:
        """String: a zstd-compressed value by its SHA-256."""
        return f"{self.prefix}run:{run_id}:blob:{digest}"

    def of_run(self, run_id: str) -> str:
        """Pattern of all keys of a run."""
        return f"{self.prefix}run:{run_id}:*"
