"""Redis as users run it: one user a role with no more rights than its work needs, passwords from files, TLS."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import redis
from redis.exceptions import NoPermissionError

from farm.broker_url import BrokerUrl
from farm.cli.operate.init_cluster import acl
from farm.config import load
from farm.doctor import examine
from farm.errors import BrokerUnavailable, ConfigError
from farm.queue import broker_checks
from farm.records import Verdict
from tests.support.answers import ScriptedModel
from tests.support.cluster.cluster import MODEL, SECRET, Cluster
from tests.support.cluster.job_line import job_line
from tests.support.data import ROOT
from tests.support.farm_process import farm_processes
from tests.support.model_server import ModelServer
from tests.support.redis_server import RedisServer, free_port, real_redis_binary, running_redis
from tests.support.wait import wait_until

pytestmark = [pytest.mark.redis, pytest.mark.timeout(240)]
ROLES = ("coordinator", "generate", "execute", "score", "ops")
ADMIN = "user default on nopass ~* &* +@all"  # of the test alone
DENIED = ("FLUSHALL", "FLUSHDB", "KEYS *", "CONFIG SET maxmemory 1", "SHUTDOWN", "ACL LIST", "CLIENT KILL TYPE normal",
          "REPLICAOF NO ONE", "SAVE", "EVAL return 0", "SCRIPT FLUSH", "FUNCTION LIST", "SWAPDB 0 1",
          "SORT farm:x", "MODULE LIST", "GET another:key")  # fmt: skip
PROBLEMS = ("farm_add", "farm_echo")


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[RedisServer]:
    """A server with the users of deploy/redis/users.acl; a role's password is its name and `-password`."""
    for role in ROLES:
        (tmp_path / f"{role}-password").write_text(f"{role}-password\n")
    users = acl((ROOT / "deploy/redis/users.acl").read_text(), tmp_path)
    assert users.startswith("user default off\n")
    (tmp_path / "users").write_text(users.replace("user default off", ADMIN))
    with running_redis(tmp_path / "r", "--aclfile", str(tmp_path / "users"), binary=real_redis_binary()) as server:
        yield server


def as_role(server: RedisServer, role: str) -> redis.Redis:
    return redis.Redis(host="127.0.0.1", port=server.port, username=role, password=f"{role}-password")


def test_a_run_needs_no_more_than_the_users_of_each_role_have(guarded: RedisServer, tmp_path: Path) -> None:
    model = ScriptedModel(PROBLEMS)
    with ModelServer(answer=model.answer, model=MODEL, token=SECRET) as server:
        cluster = Cluster(tmp_path / "home", guarded, server, model, PROBLEMS, n=2)
        cluster.home.mkdir()
        cluster.urls = {role: f"redis://{role}:{role}-password@127.0.0.1:{guarded.port}/0" for role in ROLES}
        try:
            cluster.worker("execute", "e")
            cluster.worker("generate", "g", slots=4)
            cluster.submit().ok()
            cluster.check_score()
        finally:
            denied = [(e["username"], e["reason"], e["object"]) for e in cast(Any, guarded.client().acl_log())]
            cluster.stop()
            assert denied == [], "a role was denied what it needs"
        wait_until(lambda: not farm_processes(cluster.home), "no process is left")
    admin = guarded.client()
    left = sorted(key for key in admin.scan_iter() if b"_kombu.binding" not in key)
    assert all(admin.ttl(key) > 0 for key in left), left
    assert not [key for key in left if key.startswith(b"farm:run:")]


@pytest.mark.parametrize("role", ROLES)
def test_no_role_may_do_more(guarded: RedisServer, role: str) -> None:
    with as_role(guarded, role) as mine:
        assert mine.ping()
        for words in DENIED:
            with pytest.raises(redis.ResponseError, match=r"(?i)no permissions"):
                mine.execute_command(*words.split(" "))


def test_a_worker_does_not_reach_the_other_roles_queue(guarded: RedisServer) -> None:
    for role, other in (("execute", "generate.org_m"), ("generate", "execute")):
        with as_role(guarded, role) as mine:
            for words in (
                f"LPUSH farm:{other} x", f"RPOP farm:{other}", f"HGET farm:unacked.{other.partition('.')[0]} x",
                "SET farm:run:r:state 1", "SET farm:run:r:blob:d x", "HSET farm:run:r:outstanding execute/p#0 1",
            ):  # fmt: skip
                with pytest.raises(NoPermissionError):
                    mine.execute_command(*words.split(" "))


def findings(url: str, tmp_path: Path, **env: str) -> dict[str, str]:
    settings = load({"HOME": str(tmp_path), "FARM_BROKER_URL": url, **env})
    return {found.what: found.level for found in examine(settings, battery=False)}


def level(found: dict[str, str], pattern: str) -> str:
    [one] = [level for what, level in found.items() if re.search(pattern, what)]
    return one


def test_the_doctor_sees_how_redis_is_kept(
    guarded: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("farm.doctor._sandbox", lambda *_: iter(()))
    mine = f"redis://coordinator:coordinator-password@127.0.0.1:{guarded.port}/0"
    found = findings(mine, tmp_path)
    assert level(found, "append-only file") == level(found, "never evicts") == level(found, "clock is within") == "pass"
    assert level(found, "no rights beyond farm's") == "pass" and level(found, "FARM_SECRET is not set") == "caution"
    guarded.client().config_set("appendonly", "no")
    guarded.client().config_set("maxmemory-policy", "allkeys-lru")
    monkeypatch.setattr(BrokerUrl, "local", False)
    found = findings(f"redis://127.0.0.1:{guarded.port}/0", tmp_path, FARM_SECRET="0123456789abcdef")
    assert level(found, "no append-only file") == "caution" and level(found, "evicts keys") == "fail"
    assert level(found, "signed with FARM_SECRET") == "pass"
    assert level(found, "user may also FLUSHALL, KEYS, CONFIG") == "caution"
    assert guarded.client().config_get("maxmemory")["maxmemory"] == "0", "the doctor only asks"


def test_a_worker_whose_clock_is_off_does_not_start(guarded: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """kombu gives messages back by the clock of the host: one that is ahead starts the work of others again."""
    real = time.time
    for off, words in ((0, ""), (29, ""), (31, "31 s ahead"), (-7200, "7200 s behind")):
        monkeypatch.setattr("farm.queue.broker_checks.time.time", lambda off=off: real() + off)
        if words:
            with pytest.raises(ConfigError, match=words):
                broker_checks.require_same_time(guarded.client())
        else:
            broker_checks.require_same_time(guarded.client())


# --- TLS ------------------------------------------------------------------------------------------------


class TlsServer(RedisServer):
    """The same server by TLS on another port; the plain port is for the test itself."""

    tls_port = 0

    @property
    def url(self) -> str:
        return f"rediss://localhost:{self.tls_port}/0"


def run(*words: str, cwd: Path) -> None:
    subprocess.run(words, cwd=cwd, check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority, a server's certificate for localhost, a client's; and an authority of somebody else."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl on this machine")
    folder = tmp_path_factory.mktemp("tls")
    for name in ("ca", "other"):
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout",
            f"{name}.key", "-out", f"{name}.crt", "-addext", "keyUsage=critical,keyCertSign", cwd=folder)  # fmt: skip
    for name in ("server", "client"):
        (folder / f"{name}.ext").write_text("subjectAltName=DNS:localhost\nauthorityKeyIdentifier=keyid\n")
        run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out",
            f"{name}.csr", cwd=folder)  # fmt: skip
        run("openssl", "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
            "-days", "2", "-extfile", f"{name}.ext", "-out", f"{name}.crt", cwd=folder)  # fmt: skip
    return folder


@pytest.fixture
def tls_server(certificates: Path, tmp_path: Path) -> Iterator[TlsServer]:
    tls_port = free_port()
    files = {"cert": "server.crt", "key": "server.key", "ca-cert": "ca.crt"}
    words = [word for name, file in files.items() for word in (f"--tls-{name}-file", str(certificates / file))]
    server = TlsServer(
        real_redis_binary(),
        tmp_path / "r",
        free_port(),
        ("--tls-port", str(tls_port), "--tls-auth-clients", "yes", *words),
    )
    server.tls_port = tls_port
    server.directory.mkdir()
    server.start()
    yield server
    server.kill()


def test_work_goes_by_tls_with_certificates_of_both_sides(
    tls_server: TlsServer, certificates: Path, tmp_path: Path
) -> None:
    env = {
        "FARM_BROKER_CA": str(certificates / "ca.crt"),
        "FARM_BROKER_CERT": str(certificates / "client.crt"),
        "FARM_BROKER_CERT_KEY": str(certificates / "client.key"),
    }
    with job_line(tls_server, tmp_path / "home", **env) as line:
        line.worker("execute", **env)
        parcel = line.parcel()
        line.send(parcel)
        assert line.judged(parcel).verdict is Verdict.PASSED


@pytest.mark.parametrize("wrong", ["authority", "no certificate of ours", "name", "no TLS"])
def test_a_tls_mistake_is_one_line(tls_server: TlsServer, certificates: Path, wrong: str) -> None:
    ours = {
        "FARM_BROKER_CERT": str(certificates / "client.crt"),
        "FARM_BROKER_CERT_KEY": str(certificates / "client.key"),
    }
    env = {
        "FARM_BROKER_URL": tls_server.url.replace("localhost", "127.0.0.1") if wrong == "name" else tls_server.url,
        "FARM_BROKER_CA": str(certificates / ("other.crt" if wrong == "authority" else "ca.crt")),
        **({} if wrong == "no certificate of ours" else ours),
    }
    if wrong == "no TLS":
        env["FARM_BROKER_URL"] = f"rediss://localhost:{tls_server.port}/0"
    with pytest.raises(BrokerUnavailable) as caught:
        broker_checks.ping(load({"HOME": "/nonexistent", **env}))
    assert "\n" not in str(caught.value) and "does not answer" in str(caught.value)


def test_a_certificate_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="FARM_BROKER_CA: there is no file"):
        load({"HOME": "/nonexistent", "FARM_BROKER_CA": str(tmp_path / "none")})
