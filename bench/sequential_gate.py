"""The sequential gate, simulated: do its stated error rates hold, and how many problems does it need?

Results are drawn from recorded per-problem pass rates (`lcb_sample_graded_codes.jsonl`: official verdicts of
303 programs on 60 LiveCodeBench problems), resampled to a full set's 1,055 problems. The gate knows of them
what stored runs show: a few samples of each problem, drawn again for each plan. True builds: no change, and
losses of 2, 5 and 10 points of two kinds: all problems a little harder (a shift in log odds), or some
problems broken and the others as before. Run: `python -m bench.sequential_gate [RUNS] [GRADED_CODES]`.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path

from tests.simulation.gates import BUILDS, resampled, simulate

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "lcb_sample_graded_codes.jsonl"
PLANNED = (0.02, 0.05, 0.10)


def recorded_rates(path: Path) -> list[float]:
    """The share of recorded programs that passed, by problem; none is quite certain."""
    verdicts: dict[str, list[bool]] = defaultdict(list)
    for line in path.read_text().splitlines():
        row = json.loads(line)
        verdicts[row["question_id"]].append(row["official_graded"])
    return [min(0.98, max(0.02, sum(row) / len(row))) for row in verdicts.values()]


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    recorded = recorded_rates(Path(sys.argv[2]) if len(sys.argv) > 2 else DATA)
    for size, stored in ((60, 4), (1055, 4), (1055, 2)):
        rates = recorded if size == len(recorded) else resampled(recorded, size)
        mean = sum(rates) / size * 100
        print(f"\n{size} problems, mean rate {mean:.1f} %, {stored} stored sample(s), {runs} runs each, alpha 5 %")
        print("planned loss | true loss          | FAIL     | mean share of problems | stated misses")
        for planned in PLANNED:
            for build, found in zip(
                BUILDS, simulate(rates, BUILDS, planned_loss=planned, runs=runs, stored=stored), strict=True
            ):
                print(
                    f"{planned * 100:5.0f} points | {build!s:18} | {found.failed * 100:6.2f} % | "
                    f"{found.asked * 100:6.1f} %               | {found.stated_miss * 100:5.1f} %",
                    flush=True,
                )


if __name__ == "__main__":
    main()
