"""A gate's answer in the forms that CI reads: lines for a log, a Markdown summary, JUnit XML."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from farm.reports import markdown
from farm.reports.section import percent
from farm.scoring.gate import Gate
from farm.text import one_line, printable

MARKS = {"PASS": "✅", "FAIL": "❌", "INCOMPLETE": "⚠️"}
SHOWN = 30


def as_text(gate: Gate) -> str:
    """Lines for a terminal or a log."""
    lines = [f"{gate.outcome}: {gate.run_id} against {one_line(gate.against)}: {one_line(gate.why, 500)}"]
    lines += [f"  {name}: {value}" for name, value in _facts(gate)]
    for lost in gate.lost[:SHOWN]:
        lines.append(f"  lost {one_line(lost.problem_id)}: {lost.before} before, {lost.now} now, {lost.verdict}")
    if len(gate.lost) > SHOWN:
        lines.append(f"  ... and {len(gate.lost) - SHOWN} more; --json has all")
    return "\n".join(lines) + "\n"


def as_summary(gate: Gate) -> str:
    """Markdown for a job's summary, as GitHub shows it."""
    parts = [
        f"## farm gate: {gate.outcome} {MARKS[gate.outcome]}",
        f"`{gate.run_id}` against {markdown.cell(gate.against)}: {markdown.cell(gate.why)}.",
        markdown.table(("", "value"), [(name, markdown.cell(value)) for name, value in _facts(gate)], text=True),
    ]
    if gate.lost:
        rows = [(markdown.cell(x.problem_id), x.before, x.now, x.verdict) for x in gate.lost[:SHOWN]]
        more = f"\n\n... and {len(gate.lost) - SHOWN} more" if len(gate.lost) > SHOWN else ""
        table = markdown.table(("problem", "before", "now", "verdict"), rows, text=True)
        parts.append(f"<details><summary>Problems lost: {len(gate.lost)}</summary>\n\n{table}{more}\n\n</details>")
    return "\n\n".join(parts) + "\n\n"


def as_junit(gate: Gate) -> str:
    """JUnit XML: the gate as one case, and one for each lost problem.

    A lost problem is a failure only where the gate failed: within chance it is skipped, with the reason, so
    that a dashboard does not turn red for noise.
    """
    failed, broken = gate.outcome == "FAIL", gate.outcome == "INCOMPLETE"
    cases = []
    inner = ""
    if failed or broken:
        kind = "failure" if failed else "error"
        inner = f"<{kind} message={_attribute(gate.why)}>{_text(as_text(gate))}</{kind}>"
    cases.append(f'<testcase classname="farm.gate" name={_attribute(f"{gate.run_id} against {gate.against}")}>{inner}')
    for lost in gate.lost:
        told = f"{lost.before} before, {lost.now} now, {lost.verdict}"
        tag = "failure" if failed else "skipped"
        why = told if failed else f"{told}: within chance, no regression"
        name = _attribute(lost.problem_id)
        cases.append(f'<testcase classname="farm.lost" name={name}><{tag} message={_attribute(why)}/>')
    failures = sum("<failure" in case for case in cases)
    skipped = sum("<skipped" in case for case in cases)
    body = "\n".join(f"    {case}</testcase>" for case in cases)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n'
        f'  <testsuite name="farm gate" tests="{len(cases)}" failures="{failures}" errors="{int(broken)}" '
        f'skipped="{skipped}">\n{body}\n  </testsuite>\n</testsuites>\n'
    )


def _facts(gate: Gate) -> list[tuple[str, str]]:
    facts: list[tuple[str, str]] = [("rule", gate.rule)]
    if gate.score is not None:
        facts += [("pass@1", percent(gate.score)), ("pass@1 before", percent(gate.other))]
    if gate.alpha is not None:
        facts.append(("false alarms", f"at most {gate.alpha * 100:g} % of equal models"))
    if gate.p_loss is not None:
        facts.append(("chance of an equal model to be so low", f"{gate.p_loss * 100:.3g} %"))
    if gate.detectable is not None:
        facts.append(("loss found in 80 % of cases", f"{gate.detectable * 100:.1f} points"))
    if gate.covered is not None and not gate.covered.whole:
        facts.append(("coverage", f"{gate.covered.problems} of {gate.covered.of} problems of what it is held against"))
    if gate.remedy:
        facts.append(("what to do", gate.remedy))
    facts.append(
        ("problems", f"{gate.asked} of {gate.problems} needed" if gate.rule == "sequential" else f"{gate.problems}")
    )
    if gate.rule == "run":
        facts += [("lost", str(len(gate.lost))), ("gained", str(gate.gained))]
    return facts


def _attribute(text: str) -> str:
    return quoteattr(one_line(text, 500))


def _text(text: str) -> str:
    return escape(printable(text, 20_000))
