"""`farm resume` again and again, killed (-9) at its first durable write, then at its second, ... until it gets through.

    python -m tests.support.experiments.killed_writes RUN OUT

A separate process, so that it may fork: each resume begins with everything imported. Killed by turns just before a
commit and just after it. Prints how many resumes it took.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from sqlalchemy.engine.default import DefaultDialect

import farm.app.conclude
import farm.cli.look.runs  # noqa: F401 - so that no fork has to
from farm.cli.main import main as farm_main

MOST = 400


def resume(run_id: str, out: str, write: int) -> int:
    """Resume in a child that dies at its `write`-th commit; the wait status."""
    pid = os.fork()
    if pid == 0:
        print(f"resume {write}", file=sys.stderr, flush=True)
        _arm(write)
        sys.argv = ["farm", "resume", run_id, "--out", out]
        farm_main()
        os._exit(99)  # it always exits by itself
    return os.waitpid(pid, 0)[1]


def _arm(write: int) -> None:
    """Kill this process at its `write`-th transaction that records anything but that it lives."""
    commit: Callable[[DefaultDialect, Any], None] = DefaultDialect.do_commit
    execute: Callable[..., None] = DefaultDialect.do_execute
    left, records = write, False

    def noting(self: DefaultDialect, cursor: Any, statement: str, *more: Any, **named: Any) -> None:
        nonlocal records
        records = records or statement.startswith(("INSERT", "DELETE")) or "state=" in statement
        execute(self, cursor, statement, *more, **named)

    def killing(self: DefaultDialect, connection: Any) -> None:
        nonlocal left, records
        left -= records
        if left == 0 and write % 2:
            os.kill(os.getpid(), signal.SIGKILL)
        commit(self, connection)
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        records = False

    DefaultDialect.do_execute = noting  # type: ignore[method-assign]
    DefaultDialect.do_commit = killing  # type: ignore[method-assign]


def main() -> int:
    run_id, out = sys.argv[1:]
    for write in range(1, MOST):
        status = resume(run_id, out, write)
        if not os.WIFSIGNALED(status):
            print(write, flush=True)
            return os.WEXITSTATUS(status)
        assert os.WTERMSIG(status) == signal.SIGKILL, f"write {write}: signal {os.WTERMSIG(status)}"
    raise AssertionError(f"not through after {MOST} kills")


if __name__ == "__main__":
    sys.exit(main())
