"""The worker's handle on one zygote process: starting it, handing it work, hearing how its children end."""

from __future__ import annotations

import base64
import contextlib
import json
import math
import os
import resource
import secrets
import select
import socket
import subprocess
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from farm.errors import SandboxLost, SandboxUnavailable
from farm.sandbox import seccomp
from farm.sandbox.cgroup import Cgroup, own_oom_kills
from farm.sandbox.child_inputs import PIPE_BYTES, Descriptors
from farm.sandbox.plan import Plan, uid_offset, uid_range
from farm.sandbox.runner import RunRequest
from farm.sandbox.supervisor import Caps, Child, Exit

START_S = 60.0  # importing numpy on a loaded host takes seconds
ANSWER_S = 30.0
VICTIM_BYTES = 32 << 20  # beyond the zygote's: what has less is not what the kernel kills for memory
MAIN_STACK_BYTES = 256 << 20  # the address space below the stack is laid out at exec, for this much
# RLIMIT_CPU only stops what the supervisor does not: it counts clock ticks, and comes up to a tenth early
CPU_STOP_FACTOR, CPU_STOP_S = 1.1, 1.0
HEADROOM_DATA, HEADROOM_SPACE = 1 << 30, 4 << 30  # over the memory limit: backstops, not the limit
BURY_S, _PAUSE_S = 10.0, 0.005  # a killed child gives back its memory first
PROBE_IMPORTS = ("colorsys", "wave", "xml.dom.minidom")  # pure modules that no zygote preloads
_HERE = Path(__file__).resolve().parent
_BOOT = "import sys; sys.path.insert(0, {here!r}); from inside import zygote; zygote.main({fd})"
_ENVIRONMENT = {"PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
_MESSAGE_BYTES = 1 << 17
_stack_lock = threading.Lock()


class Zygote:
    """The worker's handle on one zygote process. Raises SandboxUnavailable when it cannot start.

    `whole`: it has loaded all that programs may want to import, not only what most of them do.
    """

    def __init__(self, plan: Plan, cgroup: Cgroup | None, *, whole: bool = True) -> None:
        self._whole = whole
        self._cgroup = cgroup
        self.runs = 0
        self._unreaped = 0  # the child that the zygote has not reported on
        self._oom_kills = host_oom_kills()
        with ExitStack() as made:
            try:
                self._sock, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                made.callback(self._sock.close)
                made.callback(theirs.close)
                log = os.memfd_create("zygote", os.MFD_CLOEXEC)
                made.callback(os.close, log)
            except OSError as exc:
                raise SandboxUnavailable(f"no descriptor for a zygote: {exc.strerror}") from exc
            self._process = _spawn(plan, theirs.fileno(), log)
            made.callback(self.close)
            theirs.close()  # the zygote's alone, so that its death is seen
            _admit(cgroup, self._process.pid)
            self.facts = self._configure(plan, log)
            made.pop_all()
            os.close(log)
        self.baseline_bytes = int(self.facts["baseline"])

    def _configure(self, plan: Plan, log: int) -> dict[str, Any]:
        filtered = plan.tier != "none"
        code = seccomp.assemble(os.uname().machine) if filtered else None
        base, span = uid_range()
        config = {
            "tier": plan.tier,
            "harness_dir": str(_HERE),
            "worker": os.getpid(),
            "whole": self._whole,
            "preload": plan.preload if self._whole else (),
            "packages": plan.packages,
            "program": base64.b64encode(code.program if code else b"").decode(),
            "pid_offsets": code.pid_offsets if code else (),
            "uid_base": base,
            "uid_span": span,
            "uid_offset": uid_offset(span),
            "imports": PROBE_IMPORTS,
        }
        try:
            self._sock.send(json.dumps(config).encode())
            facts, _ = self._receive(START_S)
        except (OSError, SandboxLost) as exc:
            said = os.pread(log, 4096, 0).decode("utf-8", "replace").strip().rpartition("\n")[2]
            raise SandboxUnavailable(
                f"the zygote does not start: {said or exc}",
                remedy=f"check that {plan.python} is a Python that runs here",
            ) from exc
        if "error" in facts:
            raise SandboxUnavailable(f"tier {plan.tier}: {facts['error']}")
        return facts

    @property
    def channel_fd(self) -> int:
        return self._sock.fileno()

    def launch(self, request: RunRequest) -> Child:
        """Fork a child for `request`. Raises SandboxLost when the zygote does not answer."""
        nonce = secrets.token_bytes(16)
        fds = Descriptors()
        try:
            _hand_over(request, fds)
            names = list(fds.given)
            message = {**_request(request, nonce), "fds": names}
            socket.send_fds(self._sock, [json.dumps(message).encode()], [fds.given[n] for n in names])
            fds.close_given()
            answer, received = self._receive(ANSWER_S)
            if "error" in answer or not received:
                raise SandboxLost(f"the zygote cannot fork: {answer.get('error', 'no descriptor')}")
        except OSError as exc:
            fds.close()
            raise SandboxLost(f"cannot start a child: {exc}") from exc
        except BaseException:
            fds.close()
            raise
        self.runs += 1
        self._unreaped = answer["pid"]
        caps = Caps.of(request.limits, cpu_s=request.cpu_s, stdout=request.stdout_bytes)
        return Child(self, answer["pid"], received[0], fds, caps, nonce)

    def reap(self, timeout_s: float) -> Exit:
        report, _ = self._receive(timeout_s)
        self._unreaped = 0
        return Exit(report["status"], report["user"] + report["system"], report["maxrss"])

    def charged_bytes(self, resident_bytes: int) -> int:
        """See `Reaper`."""
        return 0 if self._cgroup is None else self._cgroup.charged(resident_bytes)

    @property
    def ended(self) -> bool:
        """Whether the process is gone: it serves no other run."""
        return self._process.poll() is not None

    def blames_host(self, peak_bytes: int) -> str:
        """Why an unexplained SIGKILL of a child with that peak is the host's doing; empty: the program's own.

        The slot's group knows its own dead. Without a group there is only the host's count, which programs of
        other slots raise too: then small programs are no victims, for the kernel takes the largest.
        """
        before, self._oom_kills = self._oom_kills, host_oom_kills()
        if self._cgroup is not None:
            killed = self._cgroup.host_killed()
        else:
            killed = self._oom_kills > before and peak_bytes >= VICTIM_BYTES
        return "the host is out of memory (oom_kill rose)" if killed else ""

    def memory_killed(self) -> bool:
        """Whether the slot's own cgroup ended the last child for its memory."""
        return self._cgroup is not None and self._cgroup.oom_killed()

    def _receive(self, timeout_s: float) -> tuple[dict[str, Any], list[int]]:
        if not select.select([self._sock], [], [], timeout_s)[0]:
            raise SandboxLost(f"the zygote has not answered for {timeout_s:.0f} s")
        try:
            data, fds, _, _ = socket.recv_fds(self._sock, _MESSAGE_BYTES, 1, socket.MSG_CMSG_CLOEXEC)
        except OSError as exc:
            raise SandboxLost("the zygote is gone") from exc
        if not data:
            raise SandboxLost("the zygote is gone")
        message: dict[str, Any] = json.loads(data)
        return message, fds

    def close(self) -> None:
        """Kill the zygote, and by that its child; idempotent."""
        self._sock.close()
        if self._process.returncode is None:
            self._process.kill()
            self._process.wait()
        self._bury()

    def _bury(self) -> None:
        """Reap the child that the zygote left, if this process inherits orphans as pid 1 of a container does.

        Else they would fill the slot's group, which counts the dead too, until no zygote could fork.
        """
        deadline = time.monotonic() + BURY_S
        while self._unreaped:
            with contextlib.suppress(ChildProcessError):  # it is init's
                if os.waitpid(self._unreaped, os.WNOHANG)[0] == 0 and time.monotonic() < deadline:
                    threading.Event().wait(_PAUSE_S)
                    continue
            self._unreaped = 0


def _spawn(plan: Plan, fd: int, log: int) -> subprocess.Popen[bytes]:
    boot = _BOOT.format(here=str(_HERE), fd=fd)
    command = [plan.python, "-s", "-S", "-P", "-X", "utf8", "-c", boot]
    uid = plan.zygote_uid
    # The limit must be there at exec, and only the soft one is touched, for the moment of the start
    with _stack_lock:
        soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
        wanted = MAIN_STACK_BYTES if hard == resource.RLIM_INFINITY else min(MAIN_STACK_BYTES, hard)
        resource.setrlimit(resource.RLIMIT_STACK, (wanted, hard))
        try:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                env=_ENVIRONMENT,
                cwd="/",
                pass_fds=(fd,),
                start_new_session=True,  # Ctrl-C is for the worker to handle
                user=uid,
                group=uid,
                extra_groups=None if uid is None else [],
            )
        except OSError as exc:
            raise SandboxUnavailable(f"cannot start {plan.python}: {exc.strerror}") from exc
        finally:
            resource.setrlimit(resource.RLIMIT_STACK, (soft, hard))


def _admit(cgroup: Cgroup | None, pid: int) -> None:
    if cgroup is not None:
        try:
            cgroup.admit(pid)
        except OSError as exc:
            raise SandboxUnavailable(f"the slot's cgroup is gone: {exc}", remedy="start the worker again") from exc


def _hand_over(request: RunRequest, fds: Descriptors) -> None:
    fds.give_sealed("source", request.source)
    if request.stdin is not None:
        fds.give_sealed("stdin", request.stdin)
    else:
        fds.give_empty("stdin")
    fds.pipe_out("stdout", size=PIPE_BYTES)
    fds.pipe_out("stderr", size=PIPE_BYTES)
    fds.pipe_out("status")
    fed = request.mode != "judge"  # input by input
    if request.func_name is not None or fed:
        fds.pipe_out("result", size=PIPE_BYTES)
    if request.payload is not None:
        fds.give_sealed("input", request.payload)
    elif fed:
        fds.pipe_in("input")


def _request(request: RunRequest, nonce: bytes) -> dict[str, Any]:
    limits = request.limits
    return {
        "mode": request.mode,
        "func_name": request.func_name,
        "variant": request.variant,
        "nonce": nonce.hex(),
        "result_bytes": limits.result_bytes,
        "limits": {
            "cpu": math.ceil(request.cpu_s * CPU_STOP_FACTOR + CPU_STOP_S),
            "data": limits.memory_bytes + HEADROOM_DATA,
            "address_space": limits.memory_bytes + HEADROOM_SPACE,
            "stack": request.stack_bytes,
            "files": limits.open_files,
            "threads": limits.threads,
        },
    }


def host_oom_kills() -> int:
    """How many processes were killed for lack of memory: of our own group where one counts, else of the host."""
    if (own := own_oom_kills()) is not None:
        return own
    try:
        for line in Path("/proc/vmstat").read_text().splitlines():
            name, _, value = line.partition(" ")
            if name == "oom_kill":
                return int(value)
    except OSError:
        pass
    return 0
