"""`farm init-cluster`: what docker-compose.yml needs before its first start, and what to do next.

Secrets are files below deploy/secrets, which no other account of the host may enter. Compose mounts each as it is,
owner and mode included, into containers whose processes are other users. Root gives them to that user; whoever may not
do that leaves them for all to read (docs/adr/0016).
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

from farm.config import Settings, load
from farm.errors import ConfigError
from farm.version import __version__

PASSWORDS = (
    "coordinator-password", "generate-password", "execute-password", "score-password", "ops-password", "web-password",
    "farm-secret",
)  # fmt: skip
KEY_NAMES = ("FARM_API_KEY", "VLLM_API_KEY", "JWT_SECRET", "API_KEY", "OPENAI_API_KEY")  # as farm.inference.auth
NO_KEY = "FARM_NO_KEY"
IMAGE_USER = 10001  # of worker.Dockerfile
SHARED = "web-password"  # Prometheus and Grafana read it, too, whose images have other users


@click.command("init-cluster")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path())
@click.option("--server-url", required=True, metavar="URL", help="Model server, as containers reach it.")
def init_cluster(folder: Path, server_url: str) -> None:
    """Write the secrets and settings of a cluster of containers into FOLDER, a checkout of farm.

    The model server's key is taken from this environment (VLLM_API_KEY, JWT_SECRET, ...). Called again, it keeps the
    existing passwords and replaces the key, the server and the version.
    """
    template = folder / "deploy" / "redis" / "users.acl"
    if not template.is_file() or not (folder / "docker-compose.yml").is_file():
        raise ConfigError(f"{folder.absolute()} is no checkout of farm", remedy="call it where docker-compose.yml is")
    if not re.fullmatch(r"https?://[^\s'\"$]+", server_url):
        raise ConfigError(f"--server-url {server_url!r} is no address", remedy="use http://HOST:PORT")
    place = folder / "deploy" / "secrets"
    place.mkdir(exist_ok=True)
    place.chmod(0o700)
    why_all = why_for_all(os.geteuid(), engine_options())
    kept = {name: (place / name).read_text().strip() for name in PASSWORDS if (place / name).exists()}
    key_name, key = _model_key(load())
    texts = {name: kept.get(name) or secrets.token_urlsafe(32) for name in PASSWORDS} | {"model-key": key}
    for name, text in texts.items():  # the kept ones, too: they may have been made by another user of this host
        _write(place / name, f"{text}\n", for_all=bool(why_all) or name == SHARED)
    _write(place / "redis-users", acl(template.read_text(), place), for_all=bool(why_all))
    _write(folder / ".env", _environment(folder, server_url, key_name), for_all=True)
    if why_all:
        click.echo(f"only the folder guards the secrets, their mode is 0644: {why_all}", err=True)
    new = len(PASSWORDS) - len(kept)
    click.echo(f"{new} new secrets in {place}, {len(kept)} kept; settings in {folder / '.env'}")
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


def why_for_all(user: int, engine: str | None) -> str:
    """Why secrets must be for all to read; empty if they can be the images' user's alone.

    `engine`: its security options as it lists them, None if it does not answer.
    """
    if user != 0:
        return "only root can give them to the user of the images"
    if engine is None:
        return "no container engine answers here that could say which user that is"
    if "userns" in engine or "rootless" in engine:
        return "this engine maps the users of containers to others"
    return ""


def engine_options() -> str | None:
    """What the engine lists of its security options; None if none answers."""
    with suppress(OSError, subprocess.SubprocessError):
        words = ["docker", "info", "--format", "{{.SecurityOptions}}"]
        return subprocess.run(words, capture_output=True, text=True, check=True, timeout=30).stdout
    return None


def _write(path: Path, text: str, *, for_all: bool) -> None:
    draft = path.with_name(f"{path.name}.new")
    draft.touch(mode=0o600)
    draft.write_text(text)
    if for_all:
        draft.chmod(0o644)
    else:
        os.chown(draft, IMAGE_USER, IMAGE_USER)
        draft.chmod(0o400)
    draft.replace(path)


def _next(place: Path) -> str:
    return f"""
next:
  docker-compose up --detach --build --scale execute=4 --scale generate=2
  docker-compose exec -T coordinator farm submit --detach --model MODEL --device DEVICE --dataset sample
  docker-compose --profile ops up --detach      # Flower on http://127.0.0.1:5555, Grafana on :3000
      # user farm, password: {place / "web-password"}
  docker-compose down                           # --volumes removes the ledger too"""
