"""Settings: the only reader of the environment and of secret files.

Each variable is `FARM_<NAME>`, secrets also as `FARM_<NAME>_FILE` (a path; its first line is the
value). The variables that tt-inference-server's own users have set already (JWT_SECRET,
VLLM_API_KEY, HF_TOKEN, ...) are read under their usual names.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, SecretStr

from farm.broker_url import read_broker_url
from farm.errors import ConfigError
from farm.ids import DEFAULT_RUNTIME, RUNTIME_PATTERN
from farm.request_headers import checked_headers, merged

MESSAGE_SECRET_MIN = 16  # characters
HEADERS = "FARM_SERVER_HEADERS"
SECRET_NAMES = (
    "FARM_API_KEY", "VLLM_API_KEY", "JWT_SECRET", "API_KEY", "OPENAI_API_KEY", "HF_TOKEN", HEADERS,
)  # fmt: skip


class ProgramRuntime(BaseModel):
    """An interpreter on this host by the name that runs ask for, and the packages that it loads ahead.

    Without `python` it is one that `farm env create` made (farm/environments/runtimes.py).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    python: str = ""
    preload: tuple[str, ...] = ()


class Settings(BaseModel):
    """What the environment decides. Built once per process by `load`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path
    runtime_base: Path | None = None  # XDG_RUNTIME_DIR
    broker_url: str | None = None
    broker_password: SecretStr | None = None
    sentinel_user: str | None = None  # of the sentinels themselves; the URL has the user of Redis
    sentinel_password: SecretStr | None = None
    broker_ca: Path | None = None  # of rediss:// and sentinels://: else the system's authorities
    broker_cert: Path | None = None  # our client certificate and its key, if the server asks for one
    broker_cert_key: Path | None = None
    message_secret: SecretStr | None = None  # FARM_SECRET: all processes of a farm share it
    ledger_url: str
    server_url: str | None = None
    server_url_origin: str = ""  # the variable it came from
    server_ca: Path | None = None  # of https model servers: further authorities, besides the system's
    catalogue: tuple[Path, ...] = ()
    hf_endpoint: str = "https://huggingface.co"
    allow_unsandboxed: bool = False
    program_runtimes: tuple[ProgramRuntime, ...] = ()
    key_prefix: str = "farm:"
    log_dir: Path | None = None  # FARM_LOG_DIR; a coordinator's default is `home`/logs, a worker's none
    log_json: bool = False  # workers write JSON lines to stderr, too
    web_password: SecretStr | None = None  # of `farm flower` and `farm exporter`
    judge_token: SecretStr | None = None  # that clients of `farm judge-server` need
    task_events: bool = False  # workers tell Flower of each task
    health_file: Path | None = None  # the heartbeat file of a service (farm.health)
    secrets: dict[str, SecretStr] = {}

    def secret(self, name: str) -> str | None:
        """The value of one of SECRET_NAMES, or None."""
        value = self.secrets.get(name)
        return value.get_secret_value() if value is not None else None

    def server_headers(self) -> dict[str, str]:
        """The headers that each request to a model server gets, by their names."""
        return headers_of(self.secret(HEADERS))

    def with_server_headers(self, added: Mapping[str, SecretStr]) -> Self:
        """The same settings with further headers. ConfigError for one that cannot be sent."""
        plain = {name: value.get_secret_value() for name, value in added.items()}
        every = merged(self.server_headers(), checked_headers(plain, "--header"))
        return self.model_copy(update={"secrets": {**self.secrets, HEADERS: SecretStr(json.dumps(every))}})


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment.

    Raises ConfigError that names the variable when a value has no accepted form.
    """
    env = os.environ if environ is None else environ
    home = Path(env.get("FARM_HOME") or _default_home(env)).expanduser().absolute()
    secrets = {}
    for name in SECRET_NAMES:
        value = _secret(env, name)
        if value is not None:
            secrets[name] = SecretStr(value)
    headers_of(_secret(env, HEADERS))  # a value that cannot be used is refused here, not at the first request
    password = _secret(env, "FARM_BROKER_PASSWORD")
    sentinel_password = _secret(env, "FARM_SENTINEL_PASSWORD")
    web_password = _secret(env, "FARM_WEB_PASSWORD")
    judge_token = _secret(env, "FARM_JUDGE_TOKEN")
    server_url, origin = _server_url(env)
    return Settings(
        home=home,
        runtime_base=Path(env["XDG_RUNTIME_DIR"]) if env.get("XDG_RUNTIME_DIR") else None,
        broker_url=_broker_url(env),
        broker_password=SecretStr(password) if password is not None else None,
        sentinel_user=env.get("FARM_SENTINEL_USER") or None,
        sentinel_password=SecretStr(sentinel_password) if sentinel_password is not None else None,
        broker_ca=_file(env, "FARM_BROKER_CA"),
        broker_cert=_file(env, "FARM_BROKER_CERT"),
        broker_cert_key=_file(env, "FARM_BROKER_CERT_KEY"),
        message_secret=_message_secret(env),
        ledger_url=env.get("FARM_LEDGER_URL") or f"sqlite:///{home / 'ledger.db'}",
        server_url=server_url,
        server_url_origin=origin,
        server_ca=_file(env, "FARM_SERVER_CA"),
        catalogue=tuple(Path(p).expanduser() for p in (env.get("FARM_CATALOGUE") or "").split(os.pathsep) if p),
        hf_endpoint=_hf_endpoint(env),
        allow_unsandboxed=_flag(env, "FARM_ALLOW_UNSANDBOXED"),
        program_runtimes=_program_runtimes(env),
        key_prefix=_prefix(env),
        log_dir=Path(env["FARM_LOG_DIR"]).expanduser().absolute() if env.get("FARM_LOG_DIR") else None,
        log_json=_log_json(env),
        web_password=SecretStr(web_password) if web_password is not None else None,
        judge_token=SecretStr(judge_token) if judge_token is not None else None,
        task_events=_flag(env, "FARM_TASK_EVENTS"),
        health_file=Path(env["FARM_HEALTH_FILE"]) if env.get("FARM_HEALTH_FILE") else None,
        secrets=secrets,
    )


def headers_of(text: str | None) -> dict[str, str]:
    """The headers in the value of FARM_SERVER_HEADERS; ConfigError that shows nothing of it."""
    if text is None:
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise ConfigError(f"{HEADERS}: not a JSON object of texts", remedy='write {"NAME": "VALUE"}')
    return checked_headers(found, HEADERS)


def child_environment(keep_secrets: bool, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for a worker that farm starts: this one, without secrets that the worker does not need.

    An execute worker gets `keep_secrets=False`: no key of the model server ever reaches a process
    that starts sandboxes.
    """
    env = dict(os.environ)
    if not keep_secrets:
        for name in (*SECRET_NAMES, "FARM_WEB_PASSWORD", "FARM_JUDGE_TOKEN"):
            env.pop(name, None)
            env.pop(f"{name}_FILE", None)
        env.pop("FARM_LEDGER_URL", None)  # it may hold a password too
    env.update(extra or {})
    return env


def shed_secrets() -> None:
    """Restart this command, as the same process, if its environment has variables that `child_environment` removes.

    Removing them from `os.environ` is not enough: /proc/PID/environ shows the variables with which a process started.
    """
    env = child_environment(keep_secrets=False)
    if env != dict(os.environ):
        os.execve(sys.executable, sys.orig_argv, env)  # noqa: S606 - the same command, in the same process


def forget_secrets() -> None:
    """Remove from this process's environment what `child_environment` removes, for the processes that it starts."""
    kept = child_environment(keep_secrets=False)
    for name in os.environ.keys() - kept.keys():
        del os.environ[name]


def plain_environment(names: Iterable[str]) -> dict[str, str]:
    """Only these variables, for a process that must have no others."""
    return {name: os.environ[name] for name in names if name in os.environ}


def _default_home(env: Mapping[str, str]) -> str:
    base = env.get("XDG_DATA_HOME") or str(Path(env.get("HOME") or "~").expanduser() / ".local" / "share")
    return str(Path(base) / "farm")


def _secret(env: Mapping[str, str], name: str) -> str | None:
    value = env.get(name)
    if value:
        return value.strip()
    path = env.get(f"{name}_FILE")
    if not path:
        return None
    try:
        text = Path(path).expanduser().read_text()
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"{name}_FILE: cannot read {path}: {_reason(exc)}") from exc
    first = text.split("\n", 1)[0].strip()
    if not first:
        raise ConfigError(f"{name}_FILE: {path} has an empty first line")
    return first


def _file(env: Mapping[str, str], name: str) -> Path | None:
    if not env.get(name):
        return None
    path = Path(env[name]).expanduser()
    if not path.is_file():
        raise ConfigError(f"{name}: there is no file {path}")
    return path


def _message_secret(env: Mapping[str, str]) -> SecretStr | None:
    value = _secret(env, "FARM_SECRET")
    if value is not None and len(value) < MESSAGE_SECRET_MIN:
        raise ConfigError(
            f"FARM_SECRET has {len(value)} characters", remedy=f"use a random one of {MESSAGE_SECRET_MIN} or more"
        )
    return None if value is None else SecretStr(value)


def _reason(exc: Exception) -> str:
    return exc.strerror or str(exc) if isinstance(exc, OSError) else str(exc)


def _broker_url(env: Mapping[str, str]) -> str | None:
    url = env.get("FARM_BROKER_URL")
    if not url:
        return None
    return check_broker_url(url, "FARM_BROKER_URL")


def check_broker_url(url: str, origin: str) -> str:
    """The URL itself if Celery and redis-py can both use it; ConfigError that names `origin` if not."""
    read_broker_url(url, origin)
    return url


def _server_url(env: Mapping[str, str]) -> tuple[str | None, str]:
    """FARM_SERVER_URL, else tt-inference-server's DEPLOY_URL and SERVICE_PORT (default 8000)."""
    if env.get("FARM_SERVER_URL"):
        return env["FARM_SERVER_URL"], "FARM_SERVER_URL"
    deploy, port = env.get("DEPLOY_URL"), env.get("SERVICE_PORT")
    if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ConfigError(f"SERVICE_PORT: {port!r} is no port", remedy="give a number from 1 to 65535")
    if not deploy and not port:
        return None, ""
    base = (deploy or "http://127.0.0.1").rstrip("/")
    has_port = base.rsplit("/", 1)[-1].rpartition(":")[2].isdigit()
    origin = "DEPLOY_URL" if deploy else "SERVICE_PORT"
    return (base if has_port else f"{base}:{port or 8000}"), origin


def _hf_endpoint(env: Mapping[str, str]) -> str:
    """The hub's address, as huggingface_hub reads it too."""
    url = (env.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/")
    if not url.startswith(("http://", "https://")):
        raise ConfigError(f"HF_ENDPOINT: {url!r} is no address", remedy="use https://HOST")
    return url


def _program_runtimes(env: Mapping[str, str]) -> tuple[ProgramRuntime, ...]:
    """FARM_PROGRAM_RUNTIMES: `NAME=PYTHON[:PACKAGE,PACKAGE...]` or `NAME` (of `farm env`), several separated by `;`."""
    found: dict[str, ProgramRuntime] = {}
    for part in (env.get("FARM_PROGRAM_RUNTIMES") or "").split(";"):
        if not part.strip():
            continue
        name, mark, rest = part.strip().partition("=")
        python, _, packages = rest.partition(":")
        preload = tuple(package.strip() for package in packages.split(",") if package.strip())
        if (mark and not python) or not re.fullmatch(RUNTIME_PATTERN, name) or name in (*found, DEFAULT_RUNTIME):
            raise ConfigError(
                f"FARM_PROGRAM_RUNTIMES: {part.strip()!r} is no runtime, or one of that name is there already",
                remedy="write NAME=PYTHON[:PACKAGE,PACKAGE], or the NAME of a runtime of farm env, separated by ';'",
            )
        found[name] = ProgramRuntime(name=name, python=python, preload=preload)
    return tuple(found.values())


def _flag(env: Mapping[str, str], name: str) -> bool:
    value = (env.get(name) or "0").lower()
    if value in ("1", "true", "yes"):
        return True
    if value in ("0", "false", "no"):
        return False
    raise ConfigError(f"{name}: {value!r} is neither 1 nor 0")


def _log_json(env: Mapping[str, str]) -> bool:
    wish = env.get("FARM_LOG_FORMAT") or "text"
    if wish not in ("text", "json"):
        raise ConfigError(f"FARM_LOG_FORMAT: {wish!r} is neither text nor json")
    return wish == "json"


def _prefix(env: Mapping[str, str]) -> str:
    prefix = env.get("FARM_KEY_PREFIX") or "farm:"
    if not prefix.endswith(":") or not prefix[:-1].replace("-", "").replace("_", "").isalnum():
        raise ConfigError(f"FARM_KEY_PREFIX: {prefix!r} is no prefix", remedy="use letters and digits, then ':'")
    return prefix
