"""Do other tools read what `farm export` writes? Asks the tools themselves, whose checkouts are arguments.

    python scripts/check_exports.py RUN [--livecodebench CHECKOUT] [--tt CHECKOUT] [--inspect BIN] [--lm-eval PYTHON]

RUN is a complete run of FARM_HOME. Nothing of the tools is copied; each runs in its own process. Prints a line
for each: the tool's pass@1 and the report's.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

_TT = """
import json, sys
from pathlib import Path
from report_module.schema import ReportSchema
payload = json.loads(Path(sys.argv[1]).read_text())
schema = ReportSchema.from_dict(payload)
from report_module.generator import ReportGenerator
made = ReportGenerator().generate(schema, Path(sys.argv[1]).parent / "again")
again = json.loads(made.json_path.read_text())
row = next(line for line in made.markdown.splitlines() if line.startswith("|") and "livecodebench" in line)
print(schema.report_id, again["sections"][0]["data"]["score"], row)
"""
_LM_EVAL = """
import json, sys
from lm_eval.utils import get_file_datetime, get_file_task_name, make_table
from lm_eval.utils import get_results_filenames, get_sample_results_filenames
from pathlib import Path
folder = Path(sys.argv[1])
names = [str(p) for p in folder.iterdir()]
results = [name for name in get_results_filenames(names) if "/results_" in name]
samples = [Path(name).name for name in get_sample_results_filenames(names)]
results = [Path(name).name for name in results]
value = json.loads((folder / results[0]).read_text())
print(make_table(value))
print("LMEVAL", get_file_task_name(samples[0]), get_file_datetime(results[0]),
      value["results"][get_file_task_name(samples[0])]["acc,none"])
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("--livecodebench", type=Path)
    parser.add_argument("--tt", type=Path)
    parser.add_argument("--inspect", type=Path)
    parser.add_argument("--lm-eval", dest="lm_eval", type=Path)
    parser.add_argument("--python", default=sys.executable, help="of the checkouts: has numpy and what they import")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        out = Path(name)
        if options.livecodebench:
            paths = exported(options.run, "livecodebench", out)
            script = options.livecodebench / "lcb_runner" / "evaluation" / "compute_scores.py"
            said = asked([options.python, script, "--eval_all_file", paths[2]], options.livecodebench)
            print("LiveCodeBench:", next(line for line in said.splitlines() if line.startswith("Pass@1")))
        if options.tt:
            for form in ("tt", "tt-seed"):
                paths = exported(options.run, form, out / form)
                if form == "tt":
                    print("tt-inference-server:", asked([options.python, "-c", _TT, paths[0]], options.tt).strip())
                else:
                    print("tt-inference-server, first form:", json.loads(paths[0].read_text())["evals"][0]["score"])
        if options.inspect:
            (path,) = exported(options.run, "inspect", out / "inspect")
            value = json.loads(asked([options.inspect, "log", "dump", path], out))
            print("Inspect:", value["status"], value["results"]["scores"][0]["metrics"]["accuracy"]["value"])
        if options.lm_eval:
            paths = exported(options.run, "lm-eval", out / "lm-eval")
            said = asked([options.lm_eval, "-c", _LM_EVAL, paths[0].parent], out)
            print("lm-eval:", next(line for line in said.splitlines() if line.startswith("LMEVAL")))
    return 0


def exported(run: str, form: str, out: Path) -> list[Path]:
    """The files of `farm export`."""
    command = [sys.executable, "-m", "farm", "export", run, "--format", form, "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [Path(line) for line in done.stdout.splitlines()]


def asked(command: list[object], folder: Path) -> str:
    """What a tool prints, run in its folder."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=folder, env=environment)
    if done.returncode:
        raise SystemExit(f"{command[0]} failed: {done.stderr[-2000:]}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
