"""Programs in containers of a real engine: confined, judged as on a host, and nothing left behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from farm.errors import SandboxLost, SandboxUnavailable
from farm.judging.evaluate import JudgingSandbox
from farm.judging.open import open_sandbox
from farm.judging.selftest import require_safe
from farm.records import JudgeSpec, Limits, Suite, TestCase, Verdict
from farm.sandbox.confinement import ContainerSpec
from farm.sandbox.container.engine import MARK, OWNER, Engine
from farm.sandbox.container.runner import ContainerRunner
from tests.support.containers.docker_engine import base_image
from tests.support.data import ROOT
from tests.support.wait import wait_until

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]

SUITE = Suite(func_name=None, tests=(TestCase(input="1", output="2"), TestCase(input="41", output="42")))
SUM = "print(int(input()) + 1)"
SLOW_SUM = f"import time\nend = time.process_time() + 1\nwhile time.process_time() < end: pass\n{SUM}"
MODES = [JudgeSpec(), JudgeSpec(mode="lcb")]


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    base_image()
    docker = pytest.importorskip("docker")
    with contextlib.closing(docker.from_env()) as opened:
        yield opened


@pytest.fixture(scope="module")
def sandbox(client: Any) -> Iterator[JudgingSandbox]:
    with JudgingSandbox(ContainerRunner(ContainerSpec())) as opened:
        yield opened


def mine(client: Any) -> list[Any]:
    """The containers of this process, running or not."""
    found = client.containers.list(all=True, filters={"label": MARK}, ignore_removed=True)
    return [c for c in found if f" {os.getpid()} " in c.labels[OWNER]]


def test_it_passes_its_self_test_and_says_what_confines(client: Any) -> None:
    with require_safe("docker") as opened:
        assert opened.info.tier.startswith("docker:")
        assert {"container", "network-none", "read-only", "capabilities-none"} <= set(opened.info.protections)


def test_containers_are_hardened(client: Any, sandbox: JudgingSandbox) -> None:
    (container, *_) = mine(client)
    host, config = container.attrs["HostConfig"], container.attrs["Config"]
    assert host["NetworkMode"] == "none"
    assert host["ReadonlyRootfs"] is True
    assert host["CapDrop"] == ["ALL"]
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert 0 < host["PidsLimit"] <= 256
    assert host["Memory"] == host["MemorySwap"] > 0
    assert host["CpuQuota"] > 0
    assert host["LogConfig"]["Type"] == "none"
    assert host["Binds"] is None
    assert not host["Privileged"]
    assert config["User"] == "65534:65534"


@pytest.mark.parametrize("judge", MODES, ids=["judge", "lcb"])
def test_verdicts_are_those_of_a_host(sandbox: JudgingSandbox, judge: JudgeSpec) -> None:
    limits = Limits(cpu_s=0.5, wall_s=2.0, memory_bytes=256 << 20, stdout_bytes=1 << 20)
    programs = {
        SUM: {"PASSED"},
        "print(int(input()) + 2)": {"WRONG_ANSWER"},
        "print(1 / 0)": {"RUNTIME_ERROR"},
        "print(": {"SYNTAX_ERROR", "RUNTIME_ERROR"},
        "while True: pass": {"TIME_LIMIT"},
        "a = []\nwhile True: a.append(bytearray(1 << 20))": {"MEMORY_LIMIT"},
        "while True: print('x' * 1000)": {"OUTPUT_LIMIT", "MEMORY_LIMIT"},  # lcb collects it in the child
        "import os\nos._exit(0)": {"WRONG_ANSWER", "RUNTIME_ERROR"},
    }
    with open_sandbox() as host:
        for program, wanted in programs.items():
            seen = sandbox.evaluate(program, SUITE, judge, limits)
            assert seen.verdict in wanted, (program, seen)
            assert seen.first_failure == host.evaluate(program, SUITE, judge, limits).first_failure, program


def test_functions_and_large_data_cross(sandbox: JudgingSandbox) -> None:
    function = "class Solution:\n    def double(self, a):\n        return [2 * x for x in a]"
    numbers = list(range(300_000))
    case = TestCase(input=str(numbers), output=str([2 * n for n in numbers]))
    seen = sandbox.evaluate(function, Suite(func_name="double", tests=(case,)), JudgeSpec(), Limits())
    assert seen.verdict is Verdict.PASSED
    text = "x" * (20 << 20)
    case = TestCase(input=text, output=text)
    seen = sandbox.evaluate("print(input())", Suite(func_name=None, tests=(case,)), JudgeSpec(), Limits())
    assert seen.verdict is Verdict.OUTPUT_LIMIT or seen.verdict is Verdict.PASSED
    assert seen.cases[0].stdout_bytes >= 20 << 20


def test_more_memory_than_before_is_allowed(sandbox: JudgingSandbox) -> None:
    touch = f"a = bytearray({1200 << 20})\nfor i in range(0, len(a), 4096): a[i] = 1\n{SUM}"
    seen = sandbox.evaluate(touch, SUITE, JudgeSpec(), Limits())
    assert seen.verdict is Verdict.MEMORY_LIMIT
    seen = sandbox.evaluate(touch, SUITE, JudgeSpec(), Limits(memory_bytes=2 << 30))
    assert seen.verdict is Verdict.PASSED


@pytest.mark.parametrize("judge", MODES, ids=["judge", "lcb"])
def test_a_container_killed_in_mid_run_changes_no_verdict(
    client: Any, sandbox: JudgingSandbox, judge: JudgeSpec
) -> None:
    assert sandbox.evaluate(SUM, SUITE, judge, Limits()).verdict is Verdict.PASSED
    killed: list[str] = []

    def kill_busy() -> None:
        def busy() -> list[Any]:
            processes = [(c, c.top()["Processes"]) for c in mine(client) if c.status == "running"]
            return [c for c, running in processes if len(running) >= 3]  # relay, zygote and child

        for container in wait_until(busy, "a container with a child", timeout_s=60):
            container.kill()
            killed.append(container.id)

    thread = threading.Thread(target=kill_busy)
    thread.start()
    seen = sandbox.evaluate(SLOW_SUM, SUITE, judge, Limits())
    thread.join()
    assert killed
    assert seen.verdict is Verdict.PASSED


def test_a_container_that_ends_each_time_is_no_verdict(client: Any, sandbox: JudgingSandbox) -> None:
    """Nor is it the end of the slot. It may be evidence (SandboxBroken), of which a run asks for more."""
    docker = pytest.importorskip("docker")
    stop = threading.Event()
    killed: set[str] = set()

    def kill_busy() -> None:
        while not stop.wait(0.1):
            for container in mine(client):
                with contextlib.suppress(docker.errors.APIError):  # it has ended meanwhile
                    if len(container.top()["Processes"]) >= 3:  # relay, zygote and child
                        container.kill()
                        killed.add(container.id)

    thread = threading.Thread(target=kill_busy)
    thread.start()
    try:
        with pytest.raises(SandboxLost, match="the container is gone"):
            sandbox.evaluate("import time\ntime.sleep(600)", SUITE, JudgeSpec(), Limits(wall_s=600.0))
    finally:
        stop.set()
        thread.join()
    assert len(killed) >= 3, "each of the tries"
    assert sandbox.evaluate(SUM, SUITE, JudgeSpec(), Limits()).verdict is Verdict.PASSED


WORKER = """
import sys
from farm.records import JudgeSpec, Limits, Suite, TestCase
from farm.judging.open import open_sandbox
with open_sandbox(tier="docker") as sandbox:
    print("open", flush=True)
    sandbox.evaluate("import time\\ntime.sleep(600)", Suite(func_name=None, tests=(TestCase(input="", output=""),)),
                     JudgeSpec(), Limits(wall_s=600.0))
"""


def of(client: Any, pid: int) -> list[Any]:
    found = client.containers.list(all=True, filters={"label": MARK}, ignore_removed=True)
    return [c for c in found if f" {pid} " in c.labels[OWNER]]


def test_a_killed_worker_leaves_no_container(client: Any) -> None:
    with subprocess.Popen([sys.executable, "-c", WORKER], cwd=ROOT, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "open\n"
        wait_until(lambda: len(of(client, worker.pid)) == 2, "its container and the spare", timeout_s=60)
        worker.kill()
    wait_until(lambda: not of(client, worker.pid), "the end of its containers", timeout_s=60)


def test_the_reaper_removes_what_dead_owners_left_and_nothing_else(client: Any) -> None:
    """A paused container cannot see the end of its input."""
    with subprocess.Popen([sys.executable, "-c", WORKER], cwd=ROOT, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "open\n"
        wait_until(lambda: len(of(client, worker.pid)) == 2, "its container and the spare", timeout_s=60)
        for container in of(client, worker.pid):
            container.pause()
        with contextlib.closing(Engine(ContainerSpec())) as reaping:
            reaping.reap()
            assert len(of(client, worker.pid)) == 2  # its worker lives
            os.kill(worker.pid, signal.SIGKILL)
            worker.wait()
            assert reaping.reap() == 2
    assert not of(client, worker.pid)


def test_nothing_is_left_after_close(client: Any) -> None:
    before = {c.id for c in mine(client)}
    descriptors = []
    for _ in range(3):  # the client of this test opens a connection when it likes, a leak one each time
        with open_sandbox(tier="docker") as opened:
            assert opened.evaluate(SUM, SUITE, JudgeSpec(), Limits()).verdict is Verdict.PASSED
        wait_until(lambda: {c.id for c in mine(client)} <= before, "the end of its containers", timeout_s=60)
        descriptors.append(len(os.listdir("/proc/self/fd")))
    assert descriptors[-1] < descriptors[0] + 2, descriptors


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (ContainerSpec(image="farm.invalid/none:1"), "no image farm.invalid/none:1"),
        (ContainerSpec(runtime="none-such"), "the engine has no runtime none-such"),
    ],
)
def test_what_the_engine_lacks_is_said(client: Any, spec: ContainerSpec, said: str) -> None:
    with pytest.raises(SandboxUnavailable) as refused:
        open_sandbox(tier="docker", container=spec)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


# Landlock's three calls, which a kernel without it does not know; else what the engine's own profile denies
WITHOUT_LANDLOCK = {
    "defaultAction": "SCMP_ACT_ALLOW",
    "syscalls": [
        {
            "names": ["landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"],
            "action": "SCMP_ACT_ERRNO",
            "errnoRet": 38,
        },
        {"names": ["unshare", "setns", "mount", "pivot_root"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1},
    ],
}


def test_without_landlock_root_inside_confines(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with an OCI runtime whose kernel has none."""
    profile = f"seccomp={json.dumps(WITHOUT_LANDLOCK)}"
    monkeypatch.setattr("farm.sandbox.container.engine.SECURITY", ["no-new-privileges", profile])
    with require_safe("docker") as opened:
        assert opened.info.tier == "docker:uid"
        assert not any(p.startswith("landlock") for p in opened.info.protections)
        assert "capabilities-6-of-root" in opened.info.protections
        assert opened.evaluate(SUM, SUITE, JudgeSpec(), Limits()).verdict is Verdict.PASSED


def test_no_engine_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    pytest.importorskip("docker")
    with pytest.raises(SandboxUnavailable, match="the container engine does not answer"):
        open_sandbox(tier="docker")


# What only Linux has, taken away before farm is loaded: the way in on a Mac, whose engine runs elsewhere.
ELSEWHERE = """
import fcntl, os, select, signal, socket, sys, sysconfig
import click, docker, pydantic, redis, sqlalchemy  # they look at the platform too
sysconfig.get_config_vars()
sys.platform = "darwin"
for module, names in {
    os: ["memfd_create", "pidfd_open", "sched_getaffinity", "MFD_CLOEXEC", "MFD_ALLOW_SEALING", "setresuid",
         "setresgid", "getresuid", "posix_fadvise"],
    signal: ["pidfd_send_signal"], select: ["epoll"], socket: ["SOCK_CLOEXEC", "SOCK_NONBLOCK"],
    fcntl: [n for n in dir(fcntl) if n.startswith(("F_SEAL", "F_ADD_SEALS", "F_SETPIPE_SZ"))],
}.items():
    for name in names:
        if hasattr(module, name):
            delattr(module, name)
from farm.records import JudgeSpec, Limits, Suite, TestCase
from farm.judging.open import open_sandbox
with open_sandbox() as sandbox:
    print(sandbox.info.tier)
    for mode in ("judge", "lcb"):
        suite = Suite(func_name=None, tests=(TestCase(input="1", output="2"),))
        seen = sandbox.evaluate("print(int(input()) + 1)", suite, JudgeSpec(mode=mode), Limits())
        print(seen.verdict)
import farm.cli.main, farm.cli.operate.worker, farm.cli.run.submit, farm.doctor
linux = [m for m in ("probe", "inside.kernel") if f"farm.sandbox.{m}" in sys.modules]
print(linux)
"""


def test_auto_takes_the_engine_where_linux_is_not_the_system(client: Any) -> None:
    ran = subprocess.run([sys.executable, "-c", ELSEWHERE], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.stdout.splitlines() == ["docker:landlock", "PASSED", "PASSED", "[]"], ran.stderr
