"""The exception tree of farm.

A candidate program's failure is a value (`farm.records.Verdict`); everything that goes wrong on the
farm's own side is one of these. Each message says what happened, where (run, sample, row, variable),
and what to do next, because the command line prints it as its only line.

Each class carries the exit code that the command line ends with when the error reaches it.
"""

from __future__ import annotations

from collections.abc import Sequence


class FarmError(Exception):
    """Base of all errors that farm raises on purpose.

    `remedy` is what the user should do next; it is printed behind the message.
    """

    exit_code = 1

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}; {self.remedy}" if self.remedy else self.message


class ConfigError(FarmError):
    """Raised when a variable or flag is missing or has no accepted form."""

    exit_code = 2


class EnvironmentMissing(ConfigError):
    """Raised when a dry run would need an evaluation environment that is not made: it installs nothing."""


class CatalogueError(FarmError):
    """Raised when a model is unknown, a device unsupported or no eval task is defined."""

    exit_code = 2


class DatasetError(FarmError):
    """Raised when a dataset, completions file or row cannot be read. Names `path:row`."""

    exit_code = 2

    def __init__(self, message: str, *, path: str = "", row: int | None = None, remedy: str = "") -> None:
        where = path if row is None else f"{path}:{row}"
        super().__init__(f"{where}: {message}" if where else message, remedy=remedy)
        self.path = path
        self.row = row


class BenchmarkError(FarmError):
    """Raised when a benchmark's own code fails. Names the benchmark and its package."""

    exit_code = 2


# --- runs ---------------------------------------------------------------------------------------


class RunError(FarmError):
    """Base of errors about one run."""

    exit_code = 3


class RunNotFound(RunError):
    """Raised when no run of that id is in the ledger."""

    exit_code = 2


class RunExists(RunError):
    """Raised when a run of that id exists already."""

    exit_code = 2


class SpecMismatch(RunError):
    """Raised when a run is not what it was planned as. Names each field that differs."""

    exit_code = 2

    def __init__(self, run_id: str, fields: Sequence[str], *, remedy: str) -> None:
        super().__init__(f"run {run_id} exists, planned otherwise: {'; '.join(fields)}", remedy=remedy)
        self.fields = tuple(fields)


class RunLocked(RunError):
    """Raised when another living coordinator owns the run."""

    def __init__(self, run_id: str, owner: str) -> None:
        super().__init__(f"run {run_id} is being driven by {owner}", remedy="wait for it, or stop that process first")
        self.owner = owner


class RunNotOrdered(RunError):
    """Raised when a coordinator service is told to drive a run that was not detached, or was cancelled."""


class RunIncomplete(RunError):
    """Raised when a run ends with samples that could not be judged."""


# --- inference ----------------------------------------------------------------------------------


class InferenceError(FarmError):
    """Base of errors of a model server."""

    exit_code = 3


class Transient(InferenceError):
    """Base of failures that another try may heal."""


class ServerBusy(Transient):
    """Raised on HTTP 502, 503 and 504: no requests for now. `retry_after_s` is the server's wish, if it gave one."""

    def __init__(self, message: str, *, retry_after_s: float | None = None, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.retry_after_s = retry_after_s


class RateLimited(ServerBusy):
    """Raised on HTTP 429: too many requests."""


class ServerError(Transient):
    """Raised on HTTP 408 and other 5xx, and for an answer that the server broke off."""


class RequestTimeout(Transient):
    """Raised when a request passes its total deadline."""


class Stalled(Transient):
    """Raised when a stream delivers nothing for the stall time."""


class ConnectionLost(Transient):
    """Raised when the server refuses or drops the connection."""


class BadResponse(Transient):
    """Raised when a 200 answer is not what the API promises (HTML, cut JSON, no choices)."""


class ServerUnwell(InferenceError):
    """Raised when no server of a run has been well for as long as a request may take. Pauses the run."""


class ServerNotStarted(InferenceError):
    """Raised when a model server that farm starts does not come up. Carries its last words."""

    exit_code = 2


class Permanent(InferenceError):
    """Base of failures that another try cannot heal."""


class AuthRejected(Permanent):
    """Raised on HTTP 401. Pauses the run: no sample is marked failed."""


class TlsFailed(Permanent):
    """Raised when TLS fails: the authority is not known, or one side speaks plain HTTP. Pauses the run."""


class ModelNotFound(Permanent):
    """Raised on HTTP 404 for the model. Pauses the run."""


class PromptTooLong(Permanent):
    """Raised when a prompt leaves no room in the context. Concerns that sample alone."""


class AnswerWithheld(Permanent):
    """Raised when a content filter of the server ended an answer. Concerns that sample alone."""


class QuotaSpent(Permanent):
    """Raised when the key's quota or credit is used up. Pauses the run: no sample is marked failed."""


class Forbidden(Permanent):
    """Raised on HTTP 403: the key is refused, or this one request."""


class RequestRejected(Permanent):
    """Raised on any other HTTP 4xx. Concerns that sample alone."""


# --- sandbox ------------------------------------------------------------------------------------


class SandboxError(FarmError):
    """Base of the sandbox's own failures; none ever becomes a Verdict."""

    exit_code = 3


class SandboxUnavailable(SandboxError):
    """Raised when this host lacks a mandatory protection. Names it and the options."""

    exit_code = 2


class SandboxLost(SandboxError):
    """Raised when the zygote or container died under a run. The run is repeated."""


class SandboxBroken(SandboxLost):
    """Raised when the zygote or container died while a program ran in it, with no sign of a fault of the host.

    A program that always causes it gets a verdict in the end (docs/adr/0023-what-breaks-its-sandbox.md).
    """


class CheckerFailed(FarmError):
    """Raised when a problem's checker raises, is not installed or passes a bound. The sample stays unjudged."""

    exit_code = 3


class WorkerFailed(FarmError):
    """Raised when workers of the embedded stack do not start or keep dying. Carries their last words."""

    exit_code = 3


class Unhealthy(FarmError):
    """Raised when a service of this host has given no sign of life."""


# --- messages and ledger ------------------------------------------------------------------------


class ProtocolError(FarmError):
    """Base of errors in messages between farm's processes."""

    exit_code = 3


class MessageRejected(ProtocolError):
    """Raised when a message is malformed or unsigned; it goes to quarantine."""


class VersionSkew(ProtocolError):
    """Raised when a message has a schema that this version does not know."""


class DigestMismatch(ProtocolError):
    """Raised when a blob is not what its name says, or is gone."""


class BrokerUnavailable(ProtocolError):
    """Raised when Redis cannot be reached or refuses the credentials."""

    exit_code = 2


class BrokerRefuses(BrokerUnavailable):
    """Raised while Redis refuses for a time: in a failover, while it reads its data, without memory or replicas."""


class LedgerError(FarmError):
    """Base of errors of the durable record."""

    exit_code = 4


class LedgerCorrupt(LedgerError):
    """Raised when the ledger is damaged. Names the place."""


class ConflictingResult(LedgerError):
    """Raised at the end of a drive in which a second, different completion came for a recorded sample."""


class Interrupted(FarmError):
    """Raised after Ctrl-C; the message carries the command that resumes."""

    exit_code = 130
