"""`farm init-cluster`: the secrets and settings that it makes, and that a real Redis takes them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis

from farm.cli.operate.init_cluster import IMAGE_USER, engine_options, why_for_all
from tests.support.data import ROOT
from tests.support.farm_process import environment
from tests.support.redis_server import RedisServer, real_redis_binary, running_redis

pytestmark = pytest.mark.redis


@dataclass(frozen=True)
class Guarded:
    server: RedisServer
    secrets: Path

    def user(self, name: str) -> redis.Redis:
        word = (self.secrets / f"{name}-password").read_text().strip()
        return redis.Redis(host="127.0.0.1", port=self.server.port, username=name, password=word)


def init(folder: Path, *more: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "farm", "init-cluster", str(folder), *more]
    env = environment(folder / "home", **variables)
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def checkout(folder: Path) -> Path:
    (folder / "deploy" / "redis").mkdir(parents=True)
    for name in ("docker-compose.yml", "deploy/redis/users.acl"):
        (folder / name).write_text((ROOT / name).read_text())
    return folder


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = checkout(tmp_path_factory.mktemp("checkout"))
    made = init(folder, "--server-url", "http://model:8000")
    assert made.returncode == 0, made.stderr
    users = folder / "deploy" / "secrets" / "redis-users"
    where = tmp_path_factory.mktemp("redis")
    with running_redis(where, "--aclfile", str(users), binary=real_redis_binary()) as server:
        yield Guarded(server, users.parent)


def test_nobody_without_a_name_and_the_pages_only_read(guarded: Guarded) -> None:
    with pytest.raises(redis.AuthenticationError):
        guarded.server.client().ping()
    assert guarded.user("coordinator").ping() and guarded.user("generate").ping()
    guarded.user("execute").set("farm:execute", 1, ex=60)
    with pytest.raises(redis.exceptions.NoPermissionError):
        guarded.user("ops").set("farm:execute", 2)
    with pytest.raises(redis.exceptions.NoPermissionError):
        guarded.user("ops").lpush("farm:execute", "a job")
    assert "used_memory" in guarded.user("ops").info("memory")


def test_called_again_it_keeps_passwords_and_takes_the_key_anew(tmp_path: Path) -> None:
    folder = checkout(tmp_path)
    (folder / ".env").write_text("FARM_TAG=mine\nFARM_SERVER_URL=old\n")
    first = init(folder, "--server-url", "http://model:8000")
    assert "caution: no key of the model server" in first.stderr
    secrets = folder / "deploy" / "secrets"
    before = {path.name: path.read_text() for path in secrets.iterdir()}
    assert len(set(before.values())) == len(before), "no password is used twice"
    second = init(folder, "--server-url", "http://other:8000", JWT_SECRET="canary")
    assert "canary" not in second.stdout + second.stderr + (folder / ".env").read_text()
    changed = {path.name for path in secrets.iterdir() if path.read_text() != before[path.name]}
    assert changed == {"model-key"}
    lines = (folder / ".env").read_text().splitlines()
    assert {"FARM_TAG=mine", "FARM_SERVER_URL=http://other:8000", "FARM_KEY_NAME=JWT_SECRET"} <= set(lines)
    assert os.stat(secrets).st_mode & 0o777 == 0o700


def test_root_gives_each_secret_to_the_user_who_reads_it(tmp_path: Path) -> None:
    """As the containers of test_compose.py read them. Prometheus and Grafana run as separate users."""
    if os.geteuid() != 0 or why_for_all(0, engine_options()):
        pytest.skip("only root, with an engine that does not map users, can give files to the images' user")
    folder = checkout(tmp_path)
    secrets = folder / "deploy" / "secrets"
    elsewhere = init(folder, "--server-url", "http://model:8000", DOCKER_HOST="unix:///no/such.sock")
    assert (
        "only the folder guards the secrets" in elsewhere.stderr and "no container engine answers" in elsewhere.stderr
    )
    assert {path.stat().st_mode & 0o777 for path in secrets.iterdir()} == {0o644}
    before = {path.name: path.read_text() for path in secrets.iterdir()}
    here = init(folder, "--server-url", "http://model:8000")
    assert "only the folder" not in here.stderr
    for path in secrets.iterdir():
        said = path.stat()
        shared = path.name == "web-password"
        assert (said.st_mode & 0o777, said.st_uid) == ((0o644, 0) if shared else (0o400, IMAGE_USER)), path.name
    assert {path.name: path.read_text() for path in secrets.iterdir()} == before
    user = re.search(r"--uid (\d+)", (ROOT / "worker.Dockerfile").read_text())
    assert user is not None and int(user[1]) == IMAGE_USER


def test_why_secrets_stay_readable_for_all() -> None:
    assert why_for_all(0, "[name=seccomp,profile=default]") == ""
    assert "only root" in why_for_all(1000, "[name=seccomp,profile=default]")
    assert "maps the users" in why_for_all(0, "[name=seccomp,profile=default name=userns]")
    assert "maps the users" in why_for_all(0, "[name=seccomp,profile=default name=rootless]")
    assert "no container engine" in why_for_all(0, None)


@pytest.mark.parametrize("words", [("--server-url", "model:8000"), ("--server-url", "http://a$b"), ()])
def test_a_mistake_is_one_line(tmp_path: Path, words: tuple[str, ...]) -> None:
    refused = init(checkout(tmp_path), *words)
    assert refused.returncode == 2 and "--server-url" in refused.stderr
    assert not (tmp_path / "deploy" / "secrets").exists()


def test_outside_a_checkout_it_says_so(tmp_path: Path) -> None:
    refused = init(tmp_path, "--server-url", "http://model:8000")
    assert refused.returncode == 2 and "is no checkout of farm" in refused.stderr
