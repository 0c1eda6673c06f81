#!/usr/bin/env bash
# NeMo Evaluator judges the prose between two fenced blocks as the program
#
# Package:  nemo-evaluator 0.3.0 (Python 3.12 or later), scorer `code_sandbox` (its HumanEval uses it)
# Guess:    of an answer with a shell block ("pip install") and then a Python block, the Python block is judged, or at
#           worst the shell block. A block marked `py` is a Python block.
# Found:    a fence is known only if it is bare or says `python`. The end of a shell block is a bare fence, so it is
#           taken for a beginning, and the sentence up to the next block becomes the program. A block marked `py` or
#           `python3` is not seen: the whole answer, fences included, becomes the program.
# Matters:  such right answers fail by a syntax error and count as the model's. Models that explain how to install or
#           call their program lose against models that do not.
# Do:       look at `scoring_details.extracted` of failed answers before you believe a score. In an extraction of your
#           own read the fences in pairs, from the top, with any language mark.
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

cat >"$work/probe.py" <<'PY'
import os

from nemo_evaluator.scoring import ScorerInput, code_sandbox

os.environ["PATH"] = ""  # no container is started: only what the scorer takes from the answer is looked at
PROGRAM = "def f(x):\n    return x\n"
ANSWERS = {
    "one python block": f"```python\n{PROGRAM}```\n",
    "a shell block before it": f"First:\n```bash\npip install numpy\n```\nThen the program:\n```python\n{PROGRAM}```\n",
    "a block marked py": f"```py\n{PROGRAM}```\n",
}
for kind, answer in ANSWERS.items():
    metadata = {"_prompt": "", "_test": "", "entry_point": "f"}
    sample = ScorerInput(response=answer, target="", metadata=metadata)
    print(f"{kind}: {code_sandbox(sample)['extracted']!r}")
PY
seen=$(timeout 60 "$work/venv/bin/python" "$work/probe.py" 2>"$work/err") || { cat "$work/err"; exit 2; }
wanted=$(cat <<'TEXT'
one python block: 'def f(x):\n    return x\n'
a shell block before it: 'Then the program:\n'
a block marked py: '```py\ndef f(x):\n    return x\n```\n'
TEXT
)
if [ "$seen" = "$wanted" ]; then
  echo "as found: what becomes the program of an answer"
  echo "$seen"
else
  echo "changed: nemo-evaluator takes these programs now:"
  echo "$seen"
  exit 1
fi
