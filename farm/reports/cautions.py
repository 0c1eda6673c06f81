"""The cautions of a report: what a reader must know before quoting its score, one sentence each.

Those about answers are in `answer_cautions`, those of a comparison of two runs in `comparing`.
"""

from __future__ import annotations

from farm.records import TIER_NONE, Verdict
from farm.reports.answer_cautions import answer_cautions
from farm.scoring.report import NotDeterministic, Report

NAMED = 5  # samples that a caution names


def cautions(report: Report) -> list[str]:
    """The cautions that apply; plain strings that may hold anything, like `sections`."""
    spec, cover = report.spec, report.coverage
    found = answer_cautions(report)
    model = spec.model
    others = [] if model is None else [n for n in report.answered_by if n not in (model.repo, model.request_name)]
    if others and model is not None:
        found.append(f"The server says that {', '.join(others)} answered, not {model.request_name}.")
    if spec.kind == "evaluate" and spec.sampling.n > 1 and spec.sampling.temperature == 0:
        found.append(
            f"{spec.sampling.n} samples at temperature 0 are likely the same: pass@k says little beyond pass@1."
        )
    prompted_by = spec.regraded_from.prompted_by if spec.regraded_from is not None else ""
    if prompted_by not in ("", spec.protocol):
        found.append(
            f"The prompts and sampling were those of {prompted_by}, only judged by {spec.protocol}: no score of either."
        )
    if spec.dataset.tests == "public":
        found.append("Only public tests were run: a pass here is easier than in any published score.")
    if spec.dataset.skipped_rows:
        found.append(f"{spec.dataset.skipped_rows} row(s) of the dataset could not be read and are left out.")
    if spec.dataset.flawed_excluded:
        found.append(
            f"{len(spec.dataset.flawed_excluded)} problem(s) with errata are left out on request: "
            "published scores count them."
        )
    if cover.problems_without_samples:
        found.append(
            f"{cover.problems_without_samples} of {cover.problems} problems have no completion and "
            "are not in the score."
        )
    if report.ks_omitted:
        ks = ", ".join(str(k) for k in report.ks_omitted)
        found.append(
            f"pass@k for k = {ks} is omitted: some problem has only {report.samples_per_problem[0]} sample(s)."
        )
    if report.truncated:
        found.append(f"{report.truncated} of {cover.planned} answers were cut at the token limit.")
    if report.clamped is not None:
        found.append(
            f"{report.clamped.samples} of {cover.planned} answers were allowed fewer than {spec.sampling.max_tokens} "
            f"tokens ({report.clamped.fewest} at the least): the model's context has no more room."
        )
    if unsandboxed := report.telemetry.sandboxes.get(TIER_NONE):
        found.append(f"{unsandboxed} program(s) were executed without a sandbox: they count as not judged.")
    if report.faulted:
        found.append(
            f"{report.faulted} sample(s) failed a test because farm's own comparison raised on their answer: "
            "the log of the execute worker says what it raised; please report it."
        )
    if report.broke_sandbox:
        found.append(_broke_sandbox(report))
    if held_up := report.telemetry.held_up:
        found.append(
            f"{held_up} sample(s) waited for a core so long that they are not judged, or nearly were not: the host has "
            "too few cores for it all. Give execute workers fewer slots (--workers), or a host that runs nothing else."
        )
    if starved := report.telemetry.starved:
        found.append(
            f"{starved} of {report.verdicts.get('TIME_LIMIT', 0)} time-outs came on a busy host: their programs had no "
            "core for a quarter of the time or more. No limit counts that time; to be sure, judge again with fewer "
            f"workers: farm regrade {report.run_id} --no-cache --workers 1."
        )
    if report.telemetry.not_deterministic is not None:
        found.append(_not_deterministic(report, report.telemetry.not_deterministic))
    counters = report.telemetry.counters
    if counters.conflicts:
        found.append(f"{counters.conflicts} result(s) came a second time and differed; the first one counts.")
    sizes = {row.problems for row in report.references.rows if row.problems is not None and not row.unlike}
    for size in sorted(sizes - {spec.dataset.problems}):
        found.append(f"The reference scores were measured on {size} problems, this run has {spec.dataset.problems}.")
    return found


def _broke_sandbox(report: Report) -> str:
    number, first = report.verdicts[Verdict.SANDBOX_BROKEN.value], report.broke_sandbox
    named = ", ".join(f"{each.sample}, program {each.program_sha256[:12]}" for each in first[:NAMED])
    more = "; ..." if number > NAMED else ""
    return (
        f"{number} of {report.coverage.judged} samples count as failed because their program broke the sandbox in each "
        f"attempt, while the same workers judged other programs ({named}{more}). Look at the program before you run it "
        f"anywhere: farm inspect {report.run_id} SAMPLE. If it is harmless, the host was at fault: "
        f"farm regrade {report.run_id} judges again."
    )


def _not_deterministic(report: Report, told: NotDeterministic) -> str:
    named = ", ".join(told.first[:NAMED]) + (", ..." if told.samples > NAMED else "")
    luck = f" {told.passed_at_times} passed at times, so the score is partly luck." if told.passed_at_times else ""
    return (
        f"{told.samples} of {report.coverage.judged} samples are not deterministic ({named}): judged "
        f"{report.spec.judge.repeats} times, the same program had different verdicts or failed at different tests. The "
        f"first verdict counts.{luck} Usual causes are threads, time, addresses, random numbers and limits that "
        f"are nearly reached. farm inspect {report.run_id} SAMPLE shows the verdicts."
    )
