"""The warm process that forks one child per run.

Exec'd fresh by the worker with an empty environment, so that no secret, no expected output and no test
of another problem is in the memory that children inherit. Single-threaded. Speaks JSON datagrams over
one socket: a configuration and an answer, then per run a request with descriptors, the child's pid with
its pidfd, and how it ended. Ends when the worker does.
"""

# Paths here are texts in another root, or met before pathlib is worth its import

from __future__ import annotations

import _thread
import array
import base64
import builtins
import fcntl
import gc
import importlib
import json
import os
import resource
import select
import signal
import socket
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, NoReturn

from . import at_fork  # isort: skip - before the modules that want to be told of a fork

from . import bare_root, child, header, kernel, landlock, library, lockdown, memory_library, mounts, streams
from .lockdown import FIRST_FREE, Prepared
from .modes import lcb, lcb_mocks

MESSAGE_BYTES = 1 << 17
_CONTROL_BYTES = socket.CMSG_SPACE(8 * 4)  # of at most eight descriptors
_scan_json: Callable[[str, int], tuple[Any, int]] = vars(json.JSONDecoder())["scan_once"]
_PACKAGE = __name__.rpartition(".")[0]
_THREAD_STACK = 8 << 20
_UNLIMITED = 1 << 62


def main(fd: int) -> NoReturn:
    """Serve the worker at the other end of socket `fd` until it closes."""
    sock = _own_descriptors(fd)
    victim = _Victim()  # before the tier takes /proc away
    config = json.loads(sock.recv(MESSAGE_BYTES))
    try:
        prepared, facts = _prepare(config)
    except Exception as exc:  # noqa: BLE001 - told to the worker, which refuses or tries another tier
        _send(sock, {"error": f"{type(exc).__name__}: {exc}"})
        os._exit(1)
    _send(sock, facts)
    _serve(sock, prepared, victim)


def _own_descriptors(fd: int) -> socket.socket:
    """The socket above FIRST_FREE, everything below it occupied: received descriptors land above too."""
    kept = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, FIRST_FREE)
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    for number in range(3, FIRST_FREE):
        if number != null:
            os.dup2(null, number, inheritable=False)
    return socket.socket(fileno=kept)


def _prepare(config: dict[str, Any]) -> tuple[Prepared, dict[str, Any]]:
    tier = config["tier"]
    _warm(header.COMMON + (header.RARE if config["whole"] else ()), config["preload"], config["harness_dir"])
    confined = tier != "none"
    grants = library.grants(config["packages"]) if confined else []
    uid = os.geteuid()
    workdir = "/"
    abi = landlock.abi() if confined else 0
    bare = tier == "uid" and not abi
    carries = bare or (tier == "uid" and not all(map(memory_library.readable_by_all, library.library_dirs())))
    if carries:
        memory_library.carry(config["packages"])
    if tier == "ns":
        visible = library.visible_paths(config["packages"])
        mounts.unshare(uid, os.getegid())
        mounts.private_root(visible)
        workdir = mounts.BOX
    ruleset = None
    if abi:
        ruleset, abi = landlock.create_ruleset(abi, grants)
    elif bare:
        bare_root.enter()
        workdir = mounts.BOX
    elif tier == "landlock":
        raise OSError("Landlock is missing")
    # After unshare, which may reset both
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    if os.getppid() != config["worker"]:
        raise OSError("the worker is gone")
    program = base64.b64decode(config["program"])
    drops = uid == 0 and confined
    prepared = Prepared(
        filter=kernel.Filter(program, config["pid_offsets"]) if program else None,
        ruleset=ruleset,
        uid=config["uid_base"] + (config["uid_offset"] + os.getpid()) % config["uid_span"] if drops else None,
        own_uid=drops,
        workdir=workdir,
        ceilings=lockdown.ceilings(),
    )
    _forget()
    baseline = _calibrate(prepared, config["imports"])
    gc.collect()
    gc.freeze()
    facts = {
        "pid": os.getpid(),
        "landlock": abi,
        "baseline": baseline,
        "python": sys.version.split()[0],
        "implementation": sys.implementation.name,
        "packages": [_version(entry.rpartition(":")[2]) for entry in config["preload"]],
        "carried": carries,
        "bare_root": bare,
        "stack": resource.getrlimit(resource.RLIMIT_STACK)[0],
        "uid": prepared.uid if prepared.uid is not None else uid,
    }
    return prepared, facts


def _version(package: str) -> str:
    found = vars(sys.modules[package]).get("__version__")  # some compute it from files that are not there
    return f"{package}-{found if isinstance(found, str) else 'unversioned'}"


def _warm(modules: tuple[str, ...], preload: list[str], harness_dir: str) -> None:
    """Load what programs import, make the interpreter look as started with `python main.py`, hide farm's path."""
    gc.disable()
    sys.path[:] = [p for p in sys.path if p != harness_dir]
    sys.path_importer_cache.pop(harness_dir, None)
    sys.dont_write_bytecode = True
    sys.argv = ["main.py"]
    sys.orig_argv = ["python", "main.py"]
    for name in modules:
        importlib.import_module(name)
    for entry in reversed(preload):  # "package" or "directory:package"
        directory, _, name = entry.rpartition(":")
        sys.path[:0] = [directory] if directory else []
        try:
            loaded = importlib.import_module(name)
        finally:
            sys.path[:] = [p for p in sys.path if p != directory]
        _check_place(loaded, directory)
    os.environ.clear()  # numpy has read its variables; children are born with an empty environment
    sites = importlib.import_module("_sitebuiltins")
    for name in ("exit", "quit"):  # `site` defines them, and -S leaves it out
        setattr(builtins, name, sites.Quitter(name, "Ctrl-D (i.e. EOF)"))
    setattr(builtins, "help", sites._Helper())  # noqa: B010 - no attribute that mypy knows
    streams.install()
    streams.open_standard()
    _thread.stack_size(_THREAD_STACK)
    header.prepare()
    lcb.rehearse()
    lcb_mocks.prepare_empty_stdin(lockdown.SOURCE)
    at_fork.admit()
    sys.set_int_max_str_digits(0)
    threads = len(os.listdir("/proc/self/task"))
    if threads != 1:
        raise RuntimeError(f"{threads} threads after the imports: unsafe to fork (is a preloaded package threaded?)")


def _check_place(loaded: ModuleType, directory: str) -> None:
    """ImportError for a preloaded package of another place than the runtime's: programs would get another version."""
    file = loaded.__file__ or ""
    if directory and not os.path.realpath(file).startswith(os.path.realpath(directory) + os.sep):
        raise ImportError(f"{loaded.__name__} was loaded from {file or 'no file'}, not from {directory}")


def _forget() -> None:
    """Take the harness out of sight. A program can find its frames, but there is nothing in them."""
    for name in [n for n in sys.modules if n == _PACKAGE or n.startswith(f"{_PACKAGE}.")]:
        del sys.modules[name]


def _calibrate(prepared: Prepared, imports: list[str]) -> int:
    """One child through the whole lock-down: the resident bytes that every child inherits.

    Raises OSError if a protection cannot be had, or if a confined child cannot read the library.
    """
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    reader, writer = os.pipe()
    received = {"stdin": null, "stdout": null, "stderr": null, "source": null, "status": writer}
    limits = {"cpu": 10, "data": _UNLIMITED, "address_space": _UNLIMITED, "stack": 8 << 20, "files": 64, "threads": 64}
    request = {
        "mode": "probe", "func_name": None, "limits": limits, "nonce": "", "result_bytes": 0, "imports": imports,
    }  # fmt: skip
    zygote = os.getpid()
    baseline = 0
    for names in (imports, []):  # the second one's size is that of a child that has done nothing
        pid = os.fork()
        if pid == 0:
            child.run(prepared, {**request, "imports": names}, received, zygote)
        _, status, usage = os.wait4(pid, 0)
        if status != 0:
            os.set_blocking(reader, False)
            said = os.read(reader, 4096).partition(b"E")[2].decode("utf-8", "replace")
            raise OSError(f"a confined child failed: {said or f'wait status {status:#x}'}")
        baseline = usage.ru_maxrss * 1024
    for fd in (null, reader, writer):
        os.close(fd)
    return baseline


class _Victim:
    """Whom the kernel ends first when memory is short: a child, and not the zygote that reports on it.

    A child inherits the score that the zygote has while it forks. Raising one's own score, and taking that back, needs
    no right.
    """

    def __init__(self) -> None:
        self._fd = -1
        try:
            self._fd = os.open("/proc/self/oom_score_adj", os.O_RDWR | os.O_CLOEXEC)
            self._own = os.read(self._fd, 16)
        except OSError:  # no such file in gVisor
            pass

    def fork(self) -> int:
        """os.fork, the child being the one that is ended first."""
        self._write(b"1000")
        pid = -1
        try:
            pid = os.fork()
        finally:
            if pid != 0:
                self._write(self._own)
        return pid

    def _write(self, score: bytes) -> None:
        if self._fd >= 0:
            os.pwrite(self._fd, score, 0)


def _serve(sock: socket.socket, prepared: Prepared, victim: _Victim) -> NoReturn:
    """Fork a child per request. Each page that this touches after a fork is copied, so it touches little."""
    own = os.getpid()
    message = bytearray(MESSAGE_BYTES)
    poller = select.poll()
    poller.register(sock, 0)  # hang-up is always reported
    while True:
        try:
            size, control, _, _ = sock.recvmsg_into([message], _CONTROL_BYTES)
        except ConnectionError:
            os._exit(0)
        if not size:
            os._exit(0)
        fds = array.array("i", control[0][2]) if control else ()
        request = _scan_json(message[:size].decode(), 0)[0]
        try:
            pid = victim.fork()
        except OSError as exc:
            _send(sock, {"error": f"fork: {exc}"})
            pid = -1
        if pid == 0:
            child.run(prepared, request, dict(zip(request["fds"], fds, strict=True)), own)
        for fd in fds:
            os.close(fd)
        if pid > 0:
            _supervise(sock, pid, poller)


def _supervise(sock: socket.socket, pid: int, poller: select.poll) -> None:
    """Hand out the child's pidfd, wait for its end, report it. If the worker goes away, so do child and zygote."""
    pidfd = os.pidfd_open(pid)
    try:
        sock.sendmsg([b'{"pid": %d}' % pid], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [pidfd]))])
    except OSError:
        os._exit(0)
    poller.register(pidfd, select.POLLIN)
    ready = poller.poll()
    if pidfd not in dict(ready):
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        os._exit(0)
    poller.unregister(pidfd)
    os.close(pidfd)
    _, status, usage = os.wait4(pid, 0)
    _send_text(
        sock,
        f'{{"status": {status}, "user": {usage.ru_utime!r}, "system": {usage.ru_stime!r}, '
        f'"maxrss": {usage.ru_maxrss * 1024}}}',
    )


def _send(sock: socket.socket, message: dict[str, Any]) -> None:
    _send_text(sock, json.dumps(message))


def _send_text(sock: socket.socket, text: str) -> None:
    try:
        sock.send(text.encode())
    except OSError:  # the worker is gone
        os._exit(0)
