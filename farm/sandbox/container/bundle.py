"""The code that runs in a container, as one archive: so any image with a Python serves, and none is built.

The container's first process reads the archive from its input, unpacks it into its small memory file
system and becomes the relay. What it holds is what the relay imports; the test of this file runs it with
nothing else.
"""

from __future__ import annotations

import functools
import io
import zipfile
from pathlib import Path

import farm

MODULES = (
    "__init__", "errors", "text", "version",
    "sandbox/__init__", "sandbox/api", "sandbox/cgroup", "sandbox/clock", "sandbox/frames", "sandbox/child_inputs",
    "sandbox/imports", "sandbox/plan", "sandbox/proc", "sandbox/runner", "sandbox/seccomp", "sandbox/session",
    "sandbox/slot", "sandbox/supervisor", "sandbox/zygote",
    "sandbox/container/__init__", "sandbox/container/relay", "sandbox/container/wire",
)  # fmt: skip
BOOT = (
    "import io, os, sys, tempfile, zipfile\n"
    "def exactly(size):\n"
    "    got = b''\n"
    "    while len(got) < size:\n"
    "        part = os.read(0, size - len(got))\n"
    "        if not part: sys.exit('the worker is gone')\n"
    "        got += part\n"
    "    return got\n"
    "place = tempfile.mkdtemp(prefix='farm-')\n"
    "os.chmod(place, 0o755)\n"
    "zipfile.ZipFile(io.BytesIO(exactly(int.from_bytes(exactly(4), 'big')))).extractall(place)\n"
    "sys.path.insert(0, place)\n"
    "sys.dont_write_bytecode = True\n"
    "from farm.sandbox.container import relay\n"
    "relay.main()\n"
)


@functools.cache
def archive() -> bytes:
    """What BOOT expects first: four bytes of length, big-endian, and a zip."""
    root = Path(farm.__file__).parent
    inside = sorted((root / "sandbox" / "inside").rglob("*.py"))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for path in [*(root / f"{name}.py" for name in MODULES), *inside]:
            target.writestr(f"farm/{path.relative_to(root).as_posix()}", path.read_bytes())
    data = buffer.getvalue()
    return len(data).to_bytes(4, "big") + data
