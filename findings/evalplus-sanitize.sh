#!/usr/bin/env bash
# EvalPlus's clean-up of an answer takes needed code out of right programs
#
# Package:  evalplus 0.3.1 (with tree-sitter 0.26.1, tree-sitter-python 0.25.0)
# Guess:    `sanitize(answer, entry_point)` removes prose, fences and the model's own tests. It keeps every definition
#           that the wanted function needs.
# Found:    of the top level it keeps imports, classes, single-name assignments and functions that hold a `return`.
#           It drops, although the wanted function calls or reads them: a decorated function (`@cache`), a function that
#           works in place and returns nothing, a generator, a loop that fills a table, and a tuple assignment. Of two
#           definitions of one name it keeps the first, Python the last. No warning is given.
# Matters:  `evalplus.codegen` cleans every answer this way before `evalplus.evaluate` sees it. Dynamic programming
#           with a cached helper, sieves and depth-first searches are common in answers; they are right and score 0,
#           by a NameError, so models that write helpers at the top level look weaker than they are.
# Do:       judge the raw answers, too (`codegen` keeps them in the `.raw` file), and compare the two scores. In a judge
#           of your own, cut prose by the fences and leave the program itself alone.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
python="$work/venv/bin/python"
# The clean-up imports EvalPlus's loader of data sets and does not use it here: the large library `datasets` is left
# out, and the probe puts an empty module in its place.
timeout 300 "$python" -m pip install --quiet --no-compile --disable-pip-version-check --no-deps evalplus==0.3.1 \
  tree-sitter==0.26.1 tree-sitter-python==0.25.0 termcolor==3.3.0 tqdm==4.70.1 appdirs==1.4.4 wget==3.2 tempdir==0.7.1 \
  multipledispatch==1.0.0 numpy==2.4.6 >"$work/pip.log" 2>&1 || { cat "$work/pip.log"; exit 2; }

cat >"$work/probe.py" <<'PY'
import sys
import types

sys.modules["datasets"] = types.ModuleType("datasets")
sys.modules["datasets"].load_dataset = None
from evalplus.sanitize import sanitize

PROGRAMS = {
    "a decorated helper": """
from functools import cache

@cache
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)

def solve(n):
    return fib(n)
""",
    "a helper that works in place": """
def mark(table, step):
    for i in range(2 * step, len(table), step):
        table[i] = False

def solve(n):
    table = [True] * (n + 1)
    for step in range(2, n):
        mark(table, step)
    return sum(table[2:])
""",
    "a generator": """
def digits(n):
    while n:
        yield n % 10
        n //= 10

def solve(n):
    return sum(digits(n))
""",
    "a table filled by a loop": """
SQUARES = [0] * 100
for i in range(100):
    SQUARES[i] = i * i

def solve(n):
    return SQUARES[n]
""",
    "a tuple assignment": """
LOW, HIGH = 3, 8

def solve(n):
    return max(LOW, min(HIGH, n))
""",
    "a second definition that corrects the first": """
def solve(n):
    return n

def solve(n):
    return n + 1
""",
}


def outcome(program):
    names = {}
    try:
        exec(program, names)  # programs of this file alone
        return str(names["solve"](30))
    except NameError as error:
        return str(error)


for kind, program in PROGRAMS.items():
    answer = f"Here is my solution:\n```python{program}```\nIt is fast."
    print(f"{kind}: {outcome(program)} -> {outcome(sanitize(answer, 'solve'))}")
PY
seen=$(timeout 60 "$python" "$work/probe.py")
wanted="a decorated helper: 832040 -> name 'fib' is not defined
a helper that works in place: 10 -> name 'mark' is not defined
a generator: 3 -> name 'digits' is not defined
a table filled by a loop: 900 -> 0
a tuple assignment: 8 -> name 'LOW' is not defined
a second definition that corrects the first: 31 -> 30"
if [ "$seen" = "$wanted" ]; then
  echo "as found: what solve(30) gives before and after the clean-up"
  echo "$seen"
else
  echo "changed: evalplus.sanitize no longer treats these programs as found. Seen now:"
  echo "$seen"
  exit 1
fi
