"""The assembled filter answers every call as the tables of docs/sandbox.md say, on both architectures."""

from __future__ import annotations

import struct

import pytest

from farm.errors import SandboxUnavailable
from farm.sandbox import seccomp
from farm.sandbox.seccomp import ALLOW, ARCHITECTURES, DENIED, ERRNO, KILL_PROCESS, RULED, assemble, calls
from tests.unit.sandbox.bpf import Call, answer

EPERM, ENOSYS, ZERO = ERRNO | 1, ERRNO | 38, ERRNO
PID = 4321
HIGH = 1 << 32
MACHINES = sorted(ARCHITECTURES)


def ask(machine: str, number: int, *arguments: int, arch: int | None = None) -> int:
    """What the filter, with its pid patched in, answers."""
    built = assemble(machine)
    program = bytearray(built.program)
    for offset in built.pid_offsets:
        struct.pack_into("<I", program, offset, PID)
    call = Call(number, ARCHITECTURES[machine] if arch is None else arch, arguments)
    return answer(bytes(program), call)[0]


def ruled(machine: str, name: str, *arguments: int) -> int:
    """The answer to a call of the table with argument rules."""
    return ask(machine, calls(RULED, machine)[name], *arguments)


@pytest.mark.parametrize("machine", MACHINES)
def test_every_call_without_a_rule(machine: str) -> None:
    denied, with_rule = set(calls(DENIED, machine).values()), set(calls(RULED, machine).values())
    assert not denied & with_rule
    for number in range(seccomp.LAST_KNOWN_CALL + 60):
        if number in with_rule:
            continue
        wanted = ENOSYS if number > seccomp.LAST_KNOWN_CALL else EPERM if number in denied else ALLOW
        assert ask(machine, number, *[(1 << 64) - 1] * 6) == wanted, number
        assert ask(machine, number) == wanted, number


@pytest.mark.parametrize(
    ("name", "x86", "arm"),
    [
        ("execve", 59, 221),
        ("fork", 57, None),
        ("socket", 41, 198),
        ("ptrace", 101, 117),
        ("io_uring_setup", 425, 425),
        ("mount", 165, 40),
        ("setxattr", 188, 5),
        ("setresuid", 117, 147),
        ("file_setattr", 469, 469),
        ("memfd_create", 319, 279),
    ],
)
def test_numbers_are_those_of_the_kernel(name: str, x86: int, arm: int | None) -> None:
    assert calls(DENIED, "x86_64")[name] == x86
    assert calls(DENIED, "aarch64").get(name) == arm


def test_tables_are_whole() -> None:
    assert len(calls(DENIED, "x86_64")) == 166
    assert len(calls(RULED, "x86_64")) == len(calls(RULED, "aarch64")) == 22
    for machine in MACHINES:
        numbers = [*calls(DENIED, machine).values(), *calls(RULED, machine).values()]
        assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("machine", MACHINES)
def test_foreign_architectures_are_killed(machine: str) -> None:
    for arch in (0x40000003, 0x40000028, *(a for m, a in ARCHITECTURES.items() if m != machine)):
        assert ask(machine, 0, arch=arch) == KILL_PROCESS


def test_x32_calls_are_refused() -> None:
    assert ask("x86_64", 0x40000000) == EPERM
    assert ask("x86_64", 0x40000000 | 59) == EPERM


@pytest.mark.parametrize("machine", MACHINES)
def test_clone_makes_threads_only(machine: str) -> None:
    assert ruled(machine, "clone", 0x3D0F00) == ALLOW  # what the C library passes for a thread
    assert ruled(machine, "clone", 17) == EPERM
    for split in (0x200, 0x400, 0x600):  # CLONE_FS, CLONE_FILES: a thread with its own table
        assert ruled(machine, "clone", 0x3D0F00 & ~split) == EPERM
    assert ruled(machine, "clone", 0x10000 << 32) == EPERM
    assert ruled(machine, "clone3", 0, 0) == ENOSYS


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("name", ["kill", "tkill", "tgkill", "rt_tgsigqueueinfo"])
def test_signals_reach_the_child_alone(machine: str, name: str) -> None:
    assert ruled(machine, name, PID, 9) == ALLOW
    assert ruled(machine, name, HIGH | PID, 9) == ALLOW  # the kernel takes 32 bits: still the child itself
    for other in (0, 1, PID - 1, PID + 1, (1 << 32) - 1, (1 << 64) - PID):
        assert ruled(machine, name, other, 9) == EPERM


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    "name",
    ["getsid", "getpgid", "sched_getparam", "sched_getscheduler", "sched_getattr", "sched_getaffinity",
     "sched_rr_get_interval"],
)  # fmt: skip
def test_a_child_asks_about_itself_alone(machine: str, name: str) -> None:
    for own in (0, PID, HIGH | PID):
        assert ruled(machine, name, own) == ALLOW
    for other in (1, PID - 1, PID + 1, (1 << 32) - 1):
        assert ruled(machine, name, other) == EPERM
    for by_kind in ("getpriority", "ioprio_get"):
        assert ruled(machine, by_kind, 1, PID) == ALLOW
        assert ruled(machine, by_kind, 1, PID + 1) == EPERM


@pytest.mark.parametrize("machine", MACHINES)
def test_descriptors_are_closed_and_never_split(machine: str) -> None:
    assert ruled(machine, "close_range", 3, 100, 0) == ALLOW
    for flags in (2, 4, 6, HIGH | 2):  # the kernel takes 32 bits
        assert ruled(machine, "close_range", 3, 100, flags) == EPERM


@pytest.mark.parametrize("machine", MACHINES)
def test_prctl(machine: str) -> None:
    for option in (15, 16, 0x53564D41):
        assert ruled(machine, "prctl", option) == ALLOW
    for option in (1, 4, 22, 38, 39, HIGH | 1):
        assert ruled(machine, "prctl", option) == EPERM


@pytest.mark.parametrize("machine", MACHINES)
def test_limits_are_read_and_never_set(machine: str) -> None:
    cpu, stack = 0, 3
    assert ruled(machine, "prlimit64", 0, cpu, 0, 0x7000) == ALLOW
    assert ruled(machine, "prlimit64", PID, cpu, 0, 0x7000) == ALLOW
    assert ruled(machine, "prlimit64", PID + 1, cpu, 0, 0x7000) == EPERM
    assert ruled(machine, "prlimit64", 0, cpu, 0x7000, 0) == EPERM
    assert ruled(machine, "prlimit64", 0, cpu, HIGH, 0) == EPERM  # a pointer whose low half is zero
    assert ruled(machine, "prlimit64", 0, stack, 0x7000, 0) == ZERO
    assert ruled(machine, "prlimit64", 0, stack, HIGH, 0) == ZERO
    assert ruled(machine, "setrlimit", stack, 0x7000) == ZERO
    assert ruled(machine, "setrlimit", cpu, 0x7000) == EPERM


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("name", "denied", "allowed"),
    [("fcntl", seccomp.FCNTL_DENIED, (0, 1, 2, 3, 4, 1030)), ("ioctl", seccomp.IOCTL_DENIED, (0x5401, 0x5413, 0x541B))],
)
def test_commands(machine: str, name: str, denied: tuple[int, ...], allowed: tuple[int, ...]) -> None:
    for command in denied:
        assert ruled(machine, name, 0, command) == EPERM
        assert ruled(machine, name, 0, HIGH | command) == EPERM
    for command in allowed:
        assert ruled(machine, name, 0, command) == ALLOW


@pytest.mark.parametrize("machine", MACHINES)
def test_only_connected_pairs_of_sockets(machine: str) -> None:
    unix, stream, nonblock_cloexec = 1, 1, 0x80800
    assert ruled(machine, "socketpair", unix, stream) == ALLOW
    assert ruled(machine, "socketpair", unix, stream | nonblock_cloexec) == ALLOW
    for kind in (2, 3, 5, 2 | nonblock_cloexec, HIGH | 2):  # a datagram socket could send to any path
        assert ruled(machine, "socketpair", unix, kind) == EPERM
    assert ruled(machine, "socketpair", 2, stream) == EPERM


@pytest.mark.parametrize("machine", MACHINES)
def test_no_call_takes_a_long_walk(machine: str) -> None:
    """Installing a filter makes the kernel walk it once per call number, in every child."""
    built = assemble(machine)
    arch = ARCHITECTURES[machine]
    longest = max(answer(built.program, Call(number, arch))[1] for number in range(seccomp.LAST_KNOWN_CALL + 1))
    assert longest <= 32
    assert len(built.program) // 8 <= 4096  # BPF_MAXINSNS


def test_an_unknown_machine_is_refused() -> None:
    with pytest.raises(SandboxUnavailable, match="no system call filter for riscv64"):
        assemble("riscv64")
