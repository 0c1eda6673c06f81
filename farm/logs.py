"""Logs as JSON lines that say which run, sample, attempt and request they are about, and hold no secret.

Below the log folder, laid out as tt-inference-server's users know it (server_logs is farm.server's):

    run_logs/run_TIME_MODEL_evals.log        one drive of a run, by its coordinator
    workflow_logs/evals_RUN/NAME.log         the same run as each process saw it: coordinator and workers
    worker_logs/NAME.log                     all that a worker says

Run, sample and attempt are bound to the thread that works on them, so code that logs need not pass them.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote, unquote, urlsplit

from pydantic import SecretStr

from farm.broker_url import read_broker_url
from farm.config import Settings
from farm.request_headers import SECRET_FROM

log = logging.getLogger(__name__)
REDACTED = "[redacted]"
MAX_FILE_BYTES = 64 << 20  # a full file ends with a line that says so
OPEN_FILES = 16
SHORT = 200  # characters
TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_NOTHING: Mapping[str, object] = MappingProxyType({})
_about: ContextVar[Mapping[str, object]] = ContextVar("farm_log_about", default=_NOTHING)
# Text that looks like a credential: a bearer token, the password in a URL
_LOOKS_SECRET = re.compile(r"(?<=[Bb]earer )[^\s\"']+|(?<=://)[^/\s@]*:[^/\s@]+(?=@)")


def bind(**about: object) -> None:
    """Set the fields (run, sample, ...) of this thread's log lines, replacing earlier ones."""
    _about.set(about)


def about(name: str) -> str | None:
    """One field of this thread's log lines."""
    value = _about.get().get(name)
    return None if value is None else str(value)


class Redactor:
    """Removes secrets from text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        words = sorted({word for word in secrets if word}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, words))) if words else None
        self._short = lru_cache(maxsize=1024)(self._clean)  # what lines are about is the same in several

    def __call__(self, text: str) -> str:
        return self._short(text) if len(text) <= SHORT else self._clean(text)

    def _clean(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub(REDACTED, text)
        return _LOOKS_SECRET.sub(REDACTED, text)


def redactor(settings: Settings, *tokens: str | None) -> Redactor:
    """A filter for all secrets of these settings, and for `tokens` derived from them."""
    values = [
        *settings.secrets.values(), settings.broker_password, settings.sentinel_password, settings.message_secret,
        settings.judge_token,
    ]  # fmt: skip
    known = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
    known += [value for value in settings.server_headers().values() if len(value) >= SECRET_FROM]
    if settings.broker_url is not None:
        password = read_broker_url(settings.broker_url, "FARM_BROKER_URL").password
        known += [password, quote(password, safe="")]
    for url in (settings.ledger_url, settings.server_url):
        given = urlsplit(url or "").password
        known += [given, unquote(given)] if given else []
    return Redactor([*known, *(token for token in tokens if token)])


class TextLines(logging.Formatter):
    """Lines for people, without secrets."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__(TEXT)
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        return self._redact(super().format(record))


class JsonLines(logging.Formatter):
    """One JSON object a line. `always` is in each."""

    def __init__(self, redact: Redactor, **always: str) -> None:
        super().__init__()
        self._redact, self._always = redact, always

    def format(self, record: logging.LogRecord) -> str:
        made: tuple[JsonLines, str] | None = record.__dict__.get("farm_line")
        if made is not None and made[0] is self:
            return made[1]  # for another handler of the same thread
        line = self._line(record)
        record.__dict__["farm_line"] = self, line
        return line

    def _line(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": self._redact(record.getMessage()),
            **self._always,
            **{name: self._clean(value) for name, value in _fields(record).items()},
        }
        if record.exc_info:
            line["traceback"] = self._redact(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=True, default=str)

    def _clean(self, value: object) -> object:
        return value if isinstance(value, int | float) else self._redact(str(value))


def _fields(record: logging.LogRecord) -> Mapping[str, object]:
    """The fields of a record: `extra={"about": {...}}`, or those bound to its thread."""
    found: Mapping[str, object] = record.__dict__.get("about") or _about.get()
    return found


class _Sink:
    """A file that several processes append to, one write a line."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)

    def append(self, line: str) -> None:
        size, data = os.fstat(self._fd).st_size, f"{line}\n".encode()
        if size < MAX_FILE_BYTES:
            full = size + len(data) > MAX_FILE_BYTES
            os.write(self._fd, data + (b'{"message": "this file is full"}\n' if full else b""))

    def close(self) -> None:
        os.close(self._fd)


class RunFiles(logging.Handler):
    """Writes each line of a run into that run's folder, to a file named after this process."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__()
        self._folder, self._name = folder, name
        self._open: OrderedDict[str, _Sink] = OrderedDict()

    def emit(self, record: logging.LogRecord) -> None:
        run = _fields(record).get("run")
        if run is None:
            return
        try:
            self._file(str(run)).append(self.format(record))
        except OSError:
            self.handleError(record)

    def _file(self, run: str) -> _Sink:
        file = self._open.pop(run, None)
        if file is None:
            file = _Sink(self._folder / "workflow_logs" / f"evals_{run}" / f"{self._name}.log")
        self._open[run] = file
        while len(self._open) > OPEN_FILES:
            self._open.popitem(last=False)[1].close()
        return file

    def close(self) -> None:
        while self._open:
            self._open.popitem()[1].close()
        super().close()


class OneFile(logging.Handler):
    """Writes each line to one file."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file: _Sink | None = _Sink(path)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            if self._file is not None:
                self._file.append(self.format(record))
        except OSError:
            self.handleError(record)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        super().close()


def log_worker(settings: Settings, name: str, role: str, *tokens: str | None) -> None:
    """Set a worker's logging up: stderr always, and files where FARM_LOG_DIR names a folder."""
    redact = redactor(settings, *tokens)
    lines = JsonLines(redact, worker=name, role=role)
    stderr = logging.StreamHandler(sys.stderr)
    stderr.setFormatter(lines if settings.log_json else TextLines(redact))
    handlers: list[logging.Handler] = [stderr]
    problem = None
    if settings.log_dir is not None:
        try:
            handlers += [OneFile(settings.log_dir / "worker_logs" / f"{name}.log"), RunFiles(settings.log_dir, name)]
        except OSError as exc:
            problem = exc
    for handler in handlers[1:]:
        handler.setFormatter(lines)
    logging.basicConfig(level=logging.INFO, handlers=handlers, force=True)
    if problem is not None:
        log.warning("no log files in %s: %s", settings.log_dir, problem.strerror)
    # Flower shows tasks; the log needs no line for each.
    for noisy in ("celery.worker.strategy", "celery.app.trace"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


@contextmanager
def log_run(settings: Settings, run_id: str, model: str, *tokens: str | None) -> Iterator[None]:
    """Log what a coordinator does about a run, while it drives it. Warnings go to stderr as before."""
    folder = settings.log_dir or settings.home / "logs"
    root, stamp = logging.getLogger(), time.strftime("%Y-%m-%d_%H-%M-%S", time.gmtime())
    slug = re.sub(r"[^A-Za-z0-9._-]+", "-", model)[:100]
    lines = JsonLines(redactor(settings, *tokens), role="coordinator")
    handlers: list[logging.Handler] = []
    if logging.lastResort is not None and not root.handlers:
        handlers.append(logging.lastResort)  # it falls silent once there are others
    try:
        own = [OneFile(folder / "run_logs" / f"run_{stamp}_{slug}_evals.log"), RunFiles(folder, "coordinator")]
        for handler in own:
            handler.setFormatter(lines)
        handlers += own
    except OSError as exc:
        log.warning("no log files in %s: %s", folder, exc.strerror)
        own = []
    before, ours = root.level, logging.getLogger("farm").level
    for handler in handlers:
        root.addHandler(handler)
    logging.getLogger("farm").setLevel(logging.INFO)
    bind(run=run_id)
    try:
        yield
    finally:
        bind()
        logging.getLogger("farm").setLevel(ours)
        root.setLevel(before)
        for handler in handlers:
            root.removeHandler(handler)
        for file in own:
            file.close()
