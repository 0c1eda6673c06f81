#!/usr/bin/env bash
# NeMo Evaluator's comparison calls a fall from 100 % to 12.5 % a PASS when each problem has repeats
#
# Package:  nemo-evaluator 0.3.0 (Python 3.12 or later), command `nel compare`
# Guess:    with eight answers to each problem on both sides, the fall of pass@1 from 1.0 to 0.125 is blocked: the
#           program has a permutation test for repeats, and exits 1 on a regression.
# Found:    the repeats are averaged first, then a problem counts as correct if its mean is above 0. One right answer of
#           eight makes it "stable correct", so no pair differs, and no differing pair means PASS, whatever the test
#           says: exit status 0, while the same report prints "-87.5%" and "BROKE" for the score, and its JSON file
#           holds the test's p-value of 0.0001, significant.
# Matters:  repeats are added to make a comparison sharper; here they make it blind to every loss that leaves one right
#           answer. A release gate built on this exit status lets such a model through.
# Do:       give `--correct-above 0.5` or compare runs with one answer each; read the score deltas, not the verdict.
#           In a tool of your own, take the verdict from the test that was made, never from flips of averaged results.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
newer() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; }
python=
for candidate in "${PYTHON:-}" python3.14 python3.13 python3.12 python3 \
  "$(python3 -c 'import sys; print(sys.base_prefix)')"/../3.1[2-9]*/bin/python3; do
  if [ -n "$candidate" ] && newer "$candidate"; then python=$candidate; break; fi
done
[ -n "$python" ] || { echo "not run: nemo-evaluator 0.3.0 needs Python 3.12; name one in PYTHON"; exit 2; }
"$python" -m venv "$work/venv"
timeout 300 "$work/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check \
  nemo-evaluator==0.3.0 >"$work/pip.log" 2>&1 || { cat "$work/pip.log"; exit 2; }

"$python" - "$work" <<'PY'
import json
import pathlib
import sys

for side, right in ("before", 8), ("after", 1):  # right answers of eight, to each of 20 problems
    folder = pathlib.Path(sys.argv[1], side)
    folder.mkdir()
    rows = [
        {"problem_idx": problem, "repeat": repeat, "reward": float(repeat < right)}
        for problem in range(20)
        for repeat in range(8)
    ]
    (folder / "results.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    score = {"value": right / 8, "ci_lower": right / 8, "ci_upper": right / 8}
    bundle = {"run_id": side, "config": {}, "benchmark": {"name": "humaneval", "scores": {"pass@1": score}}}
    (folder / f"eval-{side}.json").write_text(json.dumps(bundle))
PY
status=0
timeout 60 "$work/venv/bin/nel" compare "$work/before/eval-before.json" "$work/after/eval-after.json" \
  --output "$work/report.json" >"$work/out" 2>&1 || status=$?
seen="exit status $status; $("$python" - "$work/report.json" <<'PY'
import json
import sys

report = json.load(open(sys.argv[1]))
test = report["permutation_test"]
print(f"verdict {report['verdict']}; pass@1 {report['score_deltas']['pass@1']['delta']}; "
      f"p {test['p_value']}, significant {test['significant']}")
PY
)"
if [ "$seen" = "exit status 0; verdict PASS; pass@1 -0.875; p 0.0001, significant True" ]; then
  echo "as found: $seen"
else
  echo "changed: nel compare on a fall from 8 of 8 to 1 of 8 right answers gives now: $seen"
  cat "$work/out"
  exit 1
fi
