"""Write the locks of the evaluation environments (`farm/environments/locks`), with the versions of constraints.txt.

    python scripts/environment_locks.py [--check] [NAME...]     # needs uv, and an index

`--check` writes nothing and says which lock would change, exit code 1. A changed lock is another environment.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ROOT / "farm" / "environments" / "locks"
LM_EVAL = "0.4.13"
WANTED: dict[str, tuple[str, ...] | None] = {
    "EVALS": None,  # what farm itself needs with lm-eval: scripts/locked.py
    "EVALS_REASON": (f"lm-eval[math]=={LM_EVAL}",),
    "EVALS_META": (f"lm-eval[math,ifeval]=={LM_EVAL}",),
    "EVALS_VISION": (f"lm-eval=={LM_EVAL}", "pillow"),
    "numpy-1.26.4": ("numpy==1.26.4",),
    "numpy-2.2.5": ("numpy==2.2.5",),
}
UV = (
    "uv", "pip", "compile", "--quiet", "--python-version", "3.11", "--generate-hashes", "--no-header", "--no-annotate",
    "--no-emit-index-url",
)  # fmt: skip


def lock(name: str) -> str:
    """The lock of an environment: exact versions, hashes, no index address."""
    wanted = WANTED[name]
    if wanted is None:
        command = [sys.executable, str(ROOT / "scripts" / "locked.py"), "lm-eval", "execute"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    with tempfile.TemporaryDirectory() as folder:
        asked, made = Path(folder) / f"{name}.in", Path(folder) / f"{name}.txt"
        asked.write_text("".join(f"{requirement}\n" for requirement in wanted))
        if (LOCKS / f"{name}.txt").exists():  # uv keeps its versions, where constraints.txt has no say
            made.write_text((LOCKS / f"{name}.txt").read_text())
        # A runtime of programs has another numpy than farm itself
        pinned = () if name.startswith("numpy-") else ("--constraint", str(ROOT / "constraints.txt"))
        subprocess.run([*UV, *pinned, "--output-file", str(made), str(asked)], check=True)
        return made.read_text()


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if unknown := set(options.names) - WANTED.keys():
        parser.error(f"no such environment: {', '.join(sorted(unknown))}; there are {', '.join(WANTED)}")
    changed = []
    for name in options.names or WANTED:
        text, path = lock(name), LOCKS / f"{name}.txt"
        if not path.exists() or path.read_text() != text:
            changed.append(name)
            if not options.check:
                path.write_text(text)
    print("\n".join(f"{name}: {'would change' if options.check else 'changed'}" for name in changed) or "all the same")
    return int(options.check and bool(changed))


if __name__ == "__main__":
    sys.exit(main())
