"""`farm init-cluster`: what docker-compose.yml needs before its first start, and what to do next.

Secrets are files below deploy/secrets, which no other account of the host may enter. The files in it can be read by
all, because compose mounts each as it is into containers whose processes are other users (docs/adr/0016).
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import subprocess
from contextlib import suppress
from pathlib import Path

import click

from farm import __version__
from farm.config import Settings, load
from farm.errors import ConfigError

PASSWORDS = (
    "coordinator-password", "generate-password", "execute-password", "score-password", "ops-password", "web-password",
    "farm-secret",
)  # fmt: skip
KEY_NAMES = ("FARM_API_KEY", "VLLM_API_KEY", "JWT_SECRET", "API_KEY", "OPENAI_API_KEY")  # as farm.inference.auth
NO_KEY = "FARM_NO_KEY"


@click.command("init-cluster")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path())
@click.option("--server-url", required=True, metavar="URL", help="Model server, as containers reach it.")
def init_cluster(folder: Path, server_url: str) -> None:
    """Write the secrets and settings of a cluster of containers into FOLDER, a checkout of farm.

    The model server's key is taken from this environment (VLLM_API_KEY, JWT_SECRET, ...). Called again, it keeps the
    passwords that are there, and takes the key, the server and the version anew.
    """
    template = folder / "deploy" / "redis" / "users.acl"
    if not template.is_file() or not (folder / "docker-compose.yml").is_file():
        raise ConfigError(f"{folder.absolute()} is no checkout of farm", remedy="call it where docker-compose.yml is")
    if not re.fullmatch(r"https?://[^\s'\"$]+", server_url):
        raise ConfigError(f"--server-url {server_url!r} is no address", remedy="use http://HOST:PORT")
    place = folder / "deploy" / "secrets"
    place.mkdir(exist_ok=True)
    place.chmod(0o700)
    new = [name for name in PASSWORDS if not (place / name).exists()]
    for name in new:
        _write(place / name, secrets.token_urlsafe(32) + "\n")
    key_name, key = _model_key(load())
    _write(place / "model-key", f"{key}\n")
    _write(place / "redis-users", acl(template.read_text(), place))
    _write(folder / ".env", _environment(folder, server_url, key_name))
    click.echo(f"{len(new)} new secrets in {place}, {len(PASSWORDS) - len(new)} kept; settings in {folder / '.env'}")
    if key_name == NO_KEY:
        click.echo("caution: no key of the model server; set VLLM_API_KEY or JWT_SECRET and call this again", err=True)
    click.echo(_next(place))


def acl(template: str, place: Path) -> str:
    """The ACL file of `template`, with the digests of the passwords in `place`."""

    def digest(found: re.Match[str]) -> str:
        password = (place / f"{found[1]}-password").read_text().strip()
        return hashlib.sha256(password.encode()).hexdigest()

    lines = [line for line in template.splitlines() if line and not line.startswith("#")]
    return re.sub(r"<([a-z]+)>", digest, "\n".join(lines)) + "\n"


def _model_key(settings: Settings) -> tuple[str, str]:
    for name in KEY_NAMES:
        value = settings.secret(name)
        if value is not None:
            return name, value
    return NO_KEY, "none"


def _environment(folder: Path, server_url: str, key_name: str) -> str:
    """What compose puts into its variables; other lines of an .env that is there are kept."""
    path, ours = folder / ".env", {}
    ours["FARM_VERSION"] = __version__
    ours["FARM_COMMIT"] = _commit(folder)
    ours["FARM_SERVER_URL"] = server_url
    ours["FARM_KEY_NAME"] = key_name
    others = path.read_text().splitlines() if path.exists() else []
    kept = [line for line in others if line.partition("=")[0] not in ours]
    return "\n".join([*kept, *(f"{name}={value}" for name, value in ours.items())]) + "\n"


def _commit(folder: Path) -> str:
    with suppress(OSError, subprocess.SubprocessError):
        words = ["git", "-C", str(folder), "rev-parse", "HEAD"]
        return subprocess.run(words, capture_output=True, text=True, check=True, timeout=30).stdout.strip()
    return "unknown"


def _write(path: Path, text: str) -> None:
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(text)
    os.chmod(draft, 0o644)  # noqa: PTH101 - the folder is closed, see above
    draft.replace(path)


def _next(place: Path) -> str:
    return f"""
next:
  docker-compose up --detach --build --scale execute=4 --scale generate=2
  docker-compose exec -T coordinator farm submit --detach --model MODEL --device DEVICE --dataset sample
  docker-compose --profile ops up --detach      # Flower on http://127.0.0.1:5555, Grafana on :3000
      # user farm, password: {place / "web-password"}
  docker-compose down                           # --volumes removes the ledger too"""
