"""Judge the same recorded programs with several Pythons, and print each program whose verdict differs.

    scripts/base_image.sh trixie && scripts/base_image.sh sid       # Debian's newer Pythons, as images
    python scripts/python_versions.py PROBLEMS CODES [IMAGE...]     # needs a Docker engine

PROBLEMS are rows in LiveCodeBench's schema; CODES are rows with `question_id` and `code`. The programs run in
containers of each image, farm's own Python is the first column. A program whose verdict differs is judged once more
with both, so that a race or a busy host is told from a difference of the Pythons.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

OWN = "farm's own Python"
Verdicts = dict[int, str]  # place in CODES -> verdict


def grade(problems: Path, rows: dict[int, str], image: str) -> tuple[Verdicts, str]:
    """The verdicts of the rows in an image (or OWN), and what judged them. SystemExit if farm cannot."""
    with tempfile.TemporaryDirectory() as scratch:
        out, completions = Path(scratch) / "out", Path(scratch) / "codes.jsonl"
        asked: dict[str, list[int]] = {}
        with completions.open("w", encoding="utf-8") as file:
            for place, text in rows.items():
                row = json.loads(text)
                same = asked.setdefault(row["question_id"], [])
                file.write(json.dumps({"question_id": row["question_id"], "index": len(same), "code": row["code"]}))
                file.write("\n")
                same.append(place)
        command = [
            sys.executable, "-P", "-m", "farm", "grade", "--dataset", str(problems), "--completions", str(completions),
            "--judge", "lcb", "--no-cache", "--out", str(out),
        ]  # fmt: skip
        if image != OWN:
            command += ["--sandbox", "docker", "--image", image]
        done = subprocess.run(command, capture_output=True, text=True)
        if not (out / "samples.jsonl").exists():
            sys.exit(f"{image}: {done.stderr.strip().splitlines()[-1]}")
        report = json.loads((out / "report.json").read_text(encoding="utf-8"))
        found: Verdicts = {}
        for line in (out / "samples.jsonl").read_text(encoding="utf-8").splitlines():
            sample = json.loads(line)
            found[asked[sample["problem_id"]][sample["index"]]] = sample["verdict"]
        return found, "; ".join(report["versions"]["runners"])


def main(words: Sequence[str]) -> int:
    """Print the comparison; exit code 1 if a verdict differs twice."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("problems", type=Path)
    parser.add_argument("codes", type=Path)
    parser.add_argument("images", nargs="*", metavar="IMAGE")
    options = parser.parse_args(words)
    rows = dict(enumerate(options.codes.read_text(encoding="utf-8").splitlines()))
    own, runner = grade(options.problems, rows, OWN)
    passed = sum(verdict == "PASSED" for verdict in own.values())
    print(f"{runner}: {len(own)} programs, {passed} passed")
    differ = False
    for image in options.images:
        theirs, runner = grade(options.problems, rows, image)
        odd = {place: rows[place] for place in own if theirs.get(place) != own[place]}
        print(f"{runner}: {len(theirs)} programs, {len(odd)} differ at first")
        if not odd:
            continue
        again, again_theirs = grade(options.problems, odd, OWN)[0], grade(options.problems, odd, image)[0]
        for place in odd:
            steady = again[place] != again_theirs[place]
            differ |= steady
            name = json.loads(rows[place])["question_id"]
            print(
                f"  row {place} ({name}): {own[place]}, then {again[place]}; in {image} {theirs.get(place)}, "
                f"then {again_theirs.get(place)}{'' if steady else ' (the same when repeated)'}"
            )
    return int(differ)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
