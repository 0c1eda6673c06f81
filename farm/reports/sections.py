"""A report as sections of rows: what the terminal and the Markdown file both show, in one order.

Cells are plain strings that may hold anything a user, a server or a dataset put there. Each renderer
escapes them in its own way; nothing here is safe to print.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from farm.scoring.report import Distribution, Group, Report
from farm.scoring.statistics import AccuracyCheck, Interval

CHECKS = {AccuracyCheck.NA: "NA", AccuracyCheck.PASS: "PASS", AccuracyCheck.FAIL: "FAIL"}
METHODS = {
    "wilson": "Wilson",
    "wilson-by-problem": "Wilson, clustered by problem",
    "bootstrap-by-problem": "bootstrap by problem",
}
EXACT_WIDTH = 40  # longer fractions stay in report.json


@dataclass(frozen=True, slots=True)
class Section:
    """A titled table of numbers (all but the first column right-aligned) or `text`. `notes` follow, a line each."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    text: bool = False


def sections(report: Report) -> list[Section]:
    """All sections that have something to say, the score first."""
    return [
        section
        for section in (
            _score(report),
            _references(report),
            _verdicts(report),
            _groups("By difficulty", "difficulty", report.by_difficulty),
            _groups("By platform", "platform", report.by_platform),
            _groups("By contest month", "month", report.by_month),
            _work(report),
            _provenance(report),
        )
        if section.rows
    ]


def headline(report: Report) -> str:
    """One sentence: the score and its interval, or that there is none."""
    score, cover = report.pass_at_1, report.coverage
    if score is None:
        return (
            f"INCOMPLETE: {cover.unjudged} of {cover.planned} samples are not judged, so there is no score. "
            f"Partial counts follow; finish with: farm resume {report.run_id}"
        )
    return f"pass@1 {percent(score.score)} ({_interval(score.interval)}), {_hits(report)}"


def percent(share: float | None) -> str:
    """A share of one in percent with two decimals; "-" for none."""
    return "-" if share is None else f"{share * 100:.2f} %"


def _hits(report: Report) -> str:
    hits = report.first_sample
    return f"first sample solved {hits.hits} of {hits.problems} problems"


def _interval(interval: Interval | None) -> str:
    return "-" if interval is None else f"{interval.low * 100:.2f} to {interval.high * 100:.2f} %"


def _score(report: Report) -> Section:
    cover, (fewest, most) = report.coverage, report.samples_per_problem
    if not report.complete:
        rows = [
            ("samples planned", str(cover.planned)),
            ("judged", str(cover.judged)),
            ("of these passed (partial)", str(report.verdicts.get("PASSED", 0))),
            (
                "problems solved by a first sample (partial)",
                f"{report.first_sample.hits}/{report.first_sample.problems}",
            ),
            ("not judged", str(cover.unjudged)),
            *((f"  {reason}", str(times)) for reason, times in sorted(cover.unjudged_reasons.items())),
        ]
        shown = ", ".join(cover.unjudged_samples)
        more = "" if cover.unjudged == len(cover.unjudged_samples) else ", ..."
        return Section("Score: INCOMPLETE", ("", "samples"), tuple(rows), (f"Not judged: {shown}{more}",))
    rows_k = tuple(
        (
            f"pass@{p.k}",
            percent(p.score),
            _interval(p.interval),
            "-" if p.standard_error is None else f"{p.standard_error * 100:.2f}",
            p.exact if len(p.exact) <= EXACT_WIDTH else "-",
        )
        for p in report.pass_at_k
    )
    each = str(fewest) if fewest == most else f"{fewest} to {most}"
    notes = [f"{_hits(report)}; {each} sample(s) of each problem, {cover.judged} judged in all."]
    notes.append(f"Intervals: {', '.join(sorted({METHODS[p.interval.method] for p in report.pass_at_k}))}.")
    if report.smallest_difference is not None:
        notes.append(
            f"Against an equal run, unpaired, a difference below {report.smallest_difference * 100:.1f} points of "
            "pass@1 would mostly go unseen."
        )
    return Section("Score", ("", "score", "95 % interval", "std. error", "exact"), rows_k, tuple(notes))


def _references(report: Report) -> Section:
    check = report.references
    rows = tuple(
        (
            row.label.replace("_", " "),
            f"{row.score:.2f}",
            "-" if row.hits is None else f"{row.hits}/{report.first_sample.problems}",
            "-" if row.ratio is None else f"{row.ratio:.2f}",
            row.standing or "-",
            _p_value(row.p_value),
            "-" if row.smallest_difference is None else f"{row.smallest_difference:.1f}",
        )
        for row in check.rows
    )
    notes = [f"Accuracy check of tt-inference-server (tolerance {check.tolerance:g}): {CHECKS[check.accuracy_check]}."]
    if check.gate_hits is not None and check.false_fail is not None:
        notes.append(
            f"It passes from {check.gate_hits} solved problems on; a model exactly as good as the reference "
            f"fails it {check.false_fail * 100:.0f} % of the time."
        )
    for row in check.rows:
        label = row.label.replace("_", " ")
        if row.standing == "not distinguishable":
            notes.append(f"Not distinguishable from the {label} score (p >= 0.05, unpaired).")
        notes.append(f"Source of the {label} score: {row.source or 'not stated'}")
    header = ("reference", "percent", "hits", "ratio", "this run is", "p", "visible from")
    return Section("Reference scores", header, rows, tuple(notes))


def _p_value(p_value: float | None) -> str:
    if p_value is None:
        return "-"
    return "< 0.001" if p_value < 0.001 else f"{p_value:.3f}"


def _verdicts(report: Report) -> Section:
    total = report.coverage.judged
    ordered = sorted(report.verdicts.items(), key=lambda item: (item[0] != "PASSED", -item[1], item[0]))
    rows = tuple((verdict, str(count), percent(count / total)) for verdict, count in ordered)
    notes = (f"{report.truncated} answer(s) were cut at the token limit.",) if report.truncated else ()
    return Section("Verdicts", ("verdict", "samples", "share"), rows, notes)


def _groups(title: str, column: str, groups: Sequence[Group]) -> Section:
    rows = tuple(
        (g.name, str(g.problems), f"{g.judged}/{g.samples}", str(g.passed), percent(g.pass_at_1), _interval(g.interval))
        for g in groups
    )
    return Section(title, (column, "problems", "judged", "passed", "pass@1", "95 % interval"), rows)


def _work(report: Report) -> Section:
    told, tokens, counters = report.telemetry, report.tokens, report.telemetry.counters
    rows: list[tuple[str, str]] = []
    if tokens is not None:
        rows += [
            ("prompt tokens", f"{tokens.prompt} (mean {tokens.mean_prompt:.1f}, of {tokens.samples} samples)"),
            ("completion tokens", f"{tokens.completion} (mean {tokens.mean_completion:.1f})"),
        ]
    if told.tokens_per_second is not None:
        rows.append(("completion tokens per second", f"{told.tokens_per_second:.1f}"))
    for name, seconds in (("latency", told.latency_s), ("time to first token", told.ttft_s)):
        if seconds is not None:
            rows.append((name, _seconds(seconds)))
    if told.timing.wall_s:
        rows.append(("wall time", f"{told.timing.wall_s:.1f} s"))
    rows += [(f"sandbox {tier}", f"{samples} samples executed") for tier, samples in sorted(told.sandboxes.items())]
    rows += [(name, str(count)) for name, count in counters.model_dump().items() if count]
    return Section("Work", ("", "value"), tuple(rows), text=True)


def _seconds(seconds: Distribution) -> str:
    return f"p50 {seconds.p50:.2f} s, p95 {seconds.p95:.2f} s, max {seconds.max:.2f} s"


def _provenance(report: Report) -> Section:
    spec, data, sampling, limits = report.spec, report.spec.dataset, report.spec.sampling, report.spec.limits
    judge = f"{spec.judge.mode} ({spec.judge.variant})" if spec.judge.mode == "lcb" else spec.judge.mode
    rows = [("run", report.run_id), ("status", report.status), ("eval task", spec.eval_task)]
    if spec.model is not None:
        rows += [
            ("model", f"{spec.model.name} ({spec.model.repo})"),
            ("device", spec.model.device),
            ("server", ", ".join(spec.servers) or "-"),
            ("engine", spec.model.engine),
        ]
    if spec.completions:
        rows.append(("completions", spec.completions))
    rows += [
        ("protocol", f"{spec.protocol}, digest {spec.protocol_digest}"),
        ("judge", f"{judge}, comparator {spec.judge.comparator}, stop at {spec.judge.stop.replace('_', ' ')}"),
        ("dataset", f"{data.name}, {data.problems} problems, {data.tests} tests, from {data.source}"),
        ("dataset digest", data.digest),
    ]
    if spec.model is not None:
        rows += [
            (
                "sampling",
                f"n {sampling.n}, temperature {_sent(sampling.temperature)}, top_p {_sent(sampling.top_p)}, "
                f"max_tokens {sampling.max_tokens}, stop {list(sampling.stop)}, seed {sampling.seed}",
            ),
            ("seeds", report.seeds),
        ]
    rows += [
        ("limits", f"{limits.cpu_s:g} s CPU, {limits.wall_s:g} s wall, {limits.memory_bytes >> 20} MiB per test"),
        ("farm", f"{report.versions.farm}, Python {report.versions.python}"),
        ("runners", "; ".join(report.versions.runners) or "-"),
    ]
    if report.telemetry.timing.started_at:
        rows.append(
            ("started", datetime.fromtimestamp(report.telemetry.timing.started_at, UTC).isoformat(" ", "seconds"))
        )
    rows.append(("score digest", report.score_digest()))
    return Section("Provenance", ("", "value"), tuple(rows), text=True)


def _sent(value: float | None) -> str:
    return "not sent" if value is None else f"{value:g}"
