#!/usr/bin/env bash
# NeMo Evaluator's release gate says GO about two folders without results
#
# Package:  nemo-evaluator 0.3.0 (Python 3.12 or later), command `nel gate`
# Guess:    without one benchmark to compare the gate ends with NO-GO or INCONCLUSIVE and a status that is not 0: so it
#           does for a benchmark that the policy lists and that is missing.
# Found:    a policy that sets `defaults` alone (they hold for every benchmark that is found) requires nothing. Where
#           no result is found, the verdict is GO, "No gated benchmarks evaluated", exit status 0.
# Matters:  a results folder of an earlier layout, a run that stopped before it wrote its bundle, or a wrong folder in
#           a CI job opens the gate, in the default (strict) mode.
# Do:       list every benchmark with its metric in the policy: then a missing one is NO-GO. In CI check that the JSON
#           report names as many benchmarks as you expect. A gate of your own must not pass on nothing.
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

mkdir "$work/before" "$work/after"
printf 'version: 1\ndefaults: {tier: critical, max_drop: 0.01, metric: pass@1}\n' >"$work/defaults.yaml"
printf 'benchmarks: {humaneval: {}}\n' | cat "$work/defaults.yaml" - >"$work/listed.yaml"
gate() { # policy: the verdict's first line and the exit status
  local status=0
  timeout 60 "$work/venv/bin/nel" gate "$work/before" "$work/after" --policy "$1" --no-report >"$work/out" 2>&1 ||
    status=$?
  echo "$(grep -m1 -E '^(GO|NO-GO|INCONCLUSIVE)' "$work/out") with exit status $status"
}
seen="defaults alone: $(gate "$work/defaults.yaml"); benchmark listed: $(gate "$work/listed.yaml")"
if [ "$seen" = "defaults alone: GO with exit status 0; benchmark listed: NO-GO with exit status 1" ]; then
  echo "as found, for two empty folders: $seen"
else
  echo "changed: nel gate on two empty folders gives now: $seen"
  cat "$work/out"
  exit 1
fi
