"""What a child receives: sealed inputs and pipes, as descriptors and never as paths."""

from __future__ import annotations

import contextlib
import fcntl
import os
from types import TracebackType
from typing import Self

PIPE_BYTES = 1 << 20
_MFD_NOEXEC_SEAL = 8  # Linux 6.3; where the host demands it, a memfd without it is refused


class Sealed:
    """Bytes in a memfd that can no longer be changed. Each `open` starts at offset 0, read-only."""

    def __init__(self, data: bytes) -> None:
        flags = os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING
        try:
            self._fd = os.memfd_create("input", flags | _MFD_NOEXEC_SEAL)
        except OSError:
            self._fd = os.memfd_create("input", flags)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(self._fd, view) :]
            os.fchmod(self._fd, 0o400)  # a child of another uid cannot open it again
            seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
            fcntl.fcntl(self._fd, fcntl.F_ADD_SEALS, seals)
        except BaseException:
            os.close(self._fd)
            raise

    def open(self) -> int:
        """A new open file on the bytes: sizing it by fstat and mapping it work as with a file."""
        return os.open(f"/proc/self/fd/{self._fd}", os.O_RDONLY | os.O_CLOEXEC)

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Descriptors:
    """Every descriptor of one run, by name; closed together whatever happens.

    `given` go to the child and are closed here once they are sent, `kept` stay with the supervisor.
    """

    def __init__(self) -> None:
        self.given: dict[str, int] = {}
        self.kept: dict[str, int] = {}

    def give(self, name: str, fd: int) -> None:
        self.given[name] = fd

    def give_sealed(self, name: str, data: bytes) -> None:
        """`data` as a file that cannot be changed."""
        with Sealed(data) as sealed:
            self.give(name, sealed.open())

    def give_empty(self, name: str) -> None:
        self.given[name] = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)

    def pipe_out(self, name: str, *, size: int | None = None) -> None:
        """A pipe that the child writes and the supervisor drains without blocking."""
        self.kept[name], self.given[name] = os.pipe()
        os.set_blocking(self.kept[name], False)
        if size is not None:
            with contextlib.suppress(OSError):  # over the user's pipe allowance: the default size is only slower
                fcntl.fcntl(self.kept[name], fcntl.F_SETPIPE_SZ, size)

    def pipe_in(self, name: str) -> None:
        """A pipe that the supervisor fills without blocking and the child reads."""
        self.given[name], self.kept[name] = os.pipe()
        os.set_blocking(self.kept[name], False)

    def close_given(self) -> None:
        _close(self.given)

    def close_kept(self, name: str) -> None:
        if name in self.kept:
            os.close(self.kept.pop(name))

    def close(self) -> None:
        _close(self.given)
        _close(self.kept)


def _close(fds: dict[str, int]) -> None:
    while fds:
        os.close(fds.popitem()[1])
