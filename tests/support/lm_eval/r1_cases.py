"""Answers, and what Tenstorrent's fork of lm-eval makes of them (tstescoTT/lm-evaluation-harness at 44e770e8).

The answers are made up for these tests; the results are those of running the fork's `r1_evals/utils.py` on them with
sympy 1.14.0, latex2sympy2-extended 1.11.0 and word2number 1.1.
"""

from __future__ import annotations

import json
import subprocess
from typing import Any

# A model's text, and the answer in it
ANSWERS: list[tuple[str, str]] = [
    ("<think>first \\boxed{1}</think>\nSo \\boxed{42}.", "42"),
    ("\\boxed{\\dfrac{1}{2}}", "\\frac{1}{2}"),
    ("\\boxed{3/4}", "\\frac{3}{4}"),
    ("The answer is: 12 cm", "12cm"),
    ("so 7, then 1,024", "1024"),
    ("\\boxed{11\\text{ cm}}", "11"),
    ("\\boxed{\\text{twelve}}", "12"),
    ("\\boxed{x=5}", "5"),
    ("$\\boxed{90^\\circ}$", "90"),
    ("\\boxed{2, 1, 3}", "1,2,3"),
    ("\\boxed{\\frac12}", "\\frac{1}{2}"),
    ("\\boxed{ .5 }", "0.5"),
    ("\\boxed{1.50}", "1.50"),
    ("\\boxed{(A)}", "(A)"),
    ("\\boxed{\\text{(C) } 5}", "(C)5"),
    ("the final answer is $3$. I hope it is right", "3"),
    ("\\boxed", ""),
    ("nothing", ""),
    ("\\boxed{\\begin{bmatrix}1\\\\2\\end{bmatrix}}", "\\begin{pmatrix}12\\end{pmatrix}"),
    ("\\boxed{5j}", "5i"),
    ("\\boxed{12\\text{th grade}}", "12"),
    ("\\boxed{\\left[0,2\\right)}", "[0,2)"),
    ("\\boxed{50\\%}", "50"),
    ("\\boxed{-\\infty}", "-\\infty"),
    ("\\boxed{a = b = c}", "a=b=c"),
    ("\u7b54\u6848\u662f 8\n\nwell", "8"),
]
# Two answers, and whether they are equal by text and number
EQUAL: list[tuple[str, str, bool]] = [
    ("50", "0.5", True),
    ("0.5", "50%", True),
    ("1024", "1,024", True),
    ("3.00001", "3", True),
    ("(1,2)", "[1,2]", True),
    ("{1}", "(1)", True),
    ("7", "8", False),
    ("C", "C", True),
    ("(C)", "C", True),
    ("1,2", "(1,2)", True),
    ("", "3", False),
]
# And as expressions, for which SymPy is needed
EXPRESSIONS: list[tuple[str, str, bool]] = [
    ("0.5", "\\frac{1}{2}", True),
    ("\\frac{28}{6}", "\\frac{14}{3}", True),
    ("q-p", "p-q", False),
    ("x+1", "1+x", True),
    ("\\sin(x)", "\\sin x", True),
    ("y=2x+1", "2x+1=y", True),
    ("\\begin{pmatrix}1&2\\end{pmatrix}", "\\begin{pmatrix}1.0&2\\end{pmatrix}", True),
    ("\\sqrt{8}", "2\\sqrt{2}", True),
    ("\\frac{1}{\\sqrt{3}}", "\\frac{\\sqrt{3}}{3}", True),
]
# An answer to a choice, and its letter
LETTERS: list[tuple[str, str]] = [
    ("(A)", "A"),
    ("A", "A"),
    ("the answer B", "B"),
    ("c.", "C"),
    ("(D) 5 meters", "D"),
    ("none", "none"),
    ("", ""),
]

_SCRIPT = """
import json, sys
from farm.lm_eval.tasks.r1_evals.answers import answer_of, letter_of
from farm.lm_eval.tasks.r1_evals.equal import equal
asked = json.load(sys.stdin)
json.dump({
    "answers": [answer_of(text) for text in asked["answers"]],
    "letters": [letter_of(text) for text in asked["letters"]],
    "equal": [equal(*pair) for pair in asked["equal"]],
}, sys.stdout)
"""


def by_farm(python: str, *, answers: list[str], letters: list[str], equal: list[tuple[str, str]]) -> dict[str, Any]:
    """What farm's task files make of texts, in an environment's Python."""
    order = json.dumps({"answers": answers, "letters": letters, "equal": equal})
    done = subprocess.run([python, "-P", "-c", _SCRIPT], input=order, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found
