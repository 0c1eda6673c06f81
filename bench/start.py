"""What it takes until a command, or a worker's code, is loaded: seconds in fresh interpreters, heavy modules named.

    python bench/start.py [--runs N]

Absolute figures are this host's; the ratio to `python -c pass` is what to compare.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

from farm.cli.main import COMMANDS

HEAVY = ("celery", "redis", "sqlalchemy", "requests", "numpy", "docker", "datasets", "lm_eval", "rich", "pydantic")
CASES = {
    "farm --help": "import farm.cli.main as m; m.cli.main(['--help'], standalone_mode=False)",
    **{
        f"farm {name} --help": f"import farm.cli.main as m; m.cli.main([{name!r}, '--help'], standalone_mode=False)"
        for name in COMMANDS
        if name != "lm-eval"
    },
    "farm lm-eval path": "import farm.cli.main as m; m.cli.main(['lm-eval', 'path'], standalone_mode=False)",
    "worker generate": "import farm.cli.operate.worker, farm.tasks.boot, farm.tasks.generate",
    "worker execute": "import farm.cli.operate.worker, farm.tasks.boot, farm.tasks.execute",
    "worker score": "import farm.cli.operate.worker, farm.tasks.boot, farm.tasks.score",
    "lm-eval with farm's model": "import farm.lm_eval.plugin.model",
}


def seconds(code: str, runs: int) -> float | None:
    """The median over `runs` fresh interpreters; None if the code cannot run here."""
    taken = []
    for _ in range(runs):
        begun = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        taken.append(time.perf_counter() - begun)
        if done.returncode:
            return None
    return statistics.median(taken)


def heavy(code: str) -> str:
    """Which of HEAVY it loads."""
    asked = f"{code}\nimport sys; print('\\n' + ' '.join(n for n in {HEAVY!r} if n in sys.modules))"
    out = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True).stdout
    return out.splitlines()[-1] if out.strip() else ""


def main() -> None:
    """Print a row per case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    empty = seconds("pass", runs)
    assert empty is not None
    print(f"{'python -c pass':28} {empty:6.2f} s")
    for name, code in CASES.items():
        found = seconds(code, runs)
        if found is None:
            print(f"{name:28} {'-':>6}    (not installed here)")
        else:
            print(f"{name:28} {found:6.2f} s  {found / empty:5.1f} x  {heavy(code)}")


if __name__ == "__main__":
    main()
