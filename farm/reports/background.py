"""The sections behind the score: what was done, what was left out, and all that decides what the score means."""

from __future__ import annotations

from datetime import UTC, datetime

from farm.records import RunSpec
from farm.records.fields import in_words
from farm.reports.section import Section, percent
from farm.scoring.answer_notes import AnswerNotes
from farm.scoring.differences import judge_name, limits_name, model_name
from farm.scoring.report import Distribution, Report, ServerShare

DIFFERING_SHOWN = 20  # problems; the JSON has all


def work(report: Report) -> Section:
    """Tokens, times and what the line of work went through."""
    told, tokens, counters = report.telemetry, report.tokens, report.telemetry.counters
    rows: list[tuple[str, str]] = []
    if tokens is not None:
        rows += [
            ("prompt tokens", f"{tokens.prompt} (mean {tokens.mean_prompt:.1f}, of {tokens.samples} samples)"),
            ("completion tokens", f"{tokens.completion} (mean {tokens.mean_completion:.1f})"),
        ]
    notes = told.answers
    if notes is not None and notes.thinking:
        rows.append(("reasoning", _reasoning(notes)))
    if told.tokens_per_second is not None:
        rows.append(("completion tokens per second", f"{told.tokens_per_second:.1f}"))
    if len(told.servers) > 1:
        rows += [(f"server {share.url}", _share(share)) for share in told.servers]
    for name, seconds in (("latency", told.latency_s), ("time to first token", told.ttft_s)):
        if seconds is not None:
            rows.append((name, _seconds(seconds)))
    if told.timing.wall_s:
        rows.append(("wall time", f"{told.timing.wall_s:.1f} s"))
    rows += [(f"sandbox {tier}", f"{samples} samples executed") for tier, samples in sorted(told.sandboxes.items())]
    if told.cached:
        rows.append(("cached", f"{told.cached} samples: the same program was executed on the same tests for another"))
    rows += [(name, str(count)) for name, count in counters.model_dump().items() if count]
    return Section("Work", ("", "value"), tuple(rows), text=True)


def judged_again(report: Report) -> Section:
    """From which run, by which rules it judged, and whose verdicts changed."""
    spec, source, told = report.spec, report.spec.regraded_from, report.telemetry.regrade
    if source is None or told is None:
        return Section("Judged again", (), ())
    rules = (
        ("protocol", source.protocol, spec.protocol),
        ("protocol digest", source.protocol_digest, spec.protocol_digest),
        ("judge", judge_name(source.judge), judge_name(spec.judge)),
        ("limits", limits_name(source.judge, source.limits), limits_name(spec.judge, spec.limits)),
    )
    rows = [("run", source.run_id, report.run_id, "")]
    rows += [(what, then, now, "") for what, then, now in rules if then != now]
    rows += [("verdict", move.earlier.value, move.now.value, str(move.samples)) for move in told.moved]
    changed = sum(move.samples for move in told.moved)
    notes = (f"Of {told.compared} samples that both judged, {changed} have another verdict now.",)
    return Section("Judged again", ("", "then", "now", "samples"), tuple(rows), notes, text=True)


def other_tool(report: Report) -> Section:
    """What the tool says whose file was imported: both scores, and the problems that differ."""
    told = report.other_tool
    if told is None:
        return Section("Another tool's score", (), ())
    rows = [(f"all {told.problems} problems", percent(told.there), "-" if told.here is None else percent(told.here))]
    rows += [(one.problem_id, percent(one.there), percent(one.here)) for one in told.differing[:DIFFERING_SHOWN]]
    more = len(told.differing) - DIFFERING_SHOWN
    notes = [
        f"The share of right answers by {told.tool}'s own verdicts, which are not believed, and by farm's.",
        "INCOMPLETE: farm has no score to compare yet."
        if told.here is None
        else f"{len(told.differing)} of {told.problems} problems differ.",
    ]
    if more > 0:
        notes.append(f"{more} more differ; report.json has all.")
    return Section(f"Score of {told.tool}", ("problem", "there", "here"), tuple(rows), tuple(notes), text=True)


def unjudgeable(report: Report) -> Section:
    """The dataset's rows that could not be read, by name: their problems are in no score."""
    data = report.spec.dataset
    rows = tuple((row.problem_id or "(no id)", row.place, row.reason) for row in data.bad_rows)
    more = data.skipped_rows - len(rows)
    notes = (f"{more} more row(s) could not be read.",) if rows and more > 0 else ()
    return Section("Unjudgeable problems, left out", ("problem", "row", "reason"), rows, notes, text=True)


def provenance(report: Report) -> Section:
    """All that a score needs to mean something."""
    spec, data, sampling, model = report.spec, report.spec.dataset, report.spec.sampling, report.spec.model
    rows = [
        ("run", report.run_id),
        ("status", "RUNNING" if report.telemetry.running else report.status),
        ("eval task", spec.eval_task),
    ]
    if spec.regraded_from is not None:
        rows.append(("completions of run", spec.regraded_from.run_id))
    if model is not None:
        rows += [("model", f"{model.name} ({model_name(model)})"), ("device", model.device or "-")]
    if model is not None and spec.kind == "evaluate":
        rows += [
            ("server", ", ".join(spec.servers) or "-"),
            ("engine", f"{model.engine}, {'chat' if model.chat else 'completions'} endpoint"),
        ]
    if model is not None or spec.build.known:
        rows.append(("build", build_name(spec)))
    rows += [(f"label {name}", value) for name, value in sorted(spec.labels.items())]
    if spec.completions:
        rows.append(("completions", spec.completions))
    if spec.imported_from:
        rows.append(("imported from", f"a file of {spec.imported_from}"))
    if spec.given_programs:
        rows.append(("programs", f"{spec.given_programs} as given, extracted by another tool"))
    rows += [
        ("protocol", f"{spec.protocol}, digest {spec.protocol_digest}"),
        ("judge", judge_name(spec.judge)),
        ("dataset", f"{data.name}, {data.problems} problems, {data.tests} tests, from {data.source}"),
        ("dataset digest", data.digest),
    ]
    optional = (
        ("measured part", data.part),
        ("revision", data.revision),
        ("selection", data.selection),
        ("errata list", data.errata),
    )
    rows += [(name, value) for name, value in optional if value]
    if spec.kind == "evaluate":
        rows += [
            ("sampling", in_words(sampling)),
            ("seeds", report.seeds),
        ]
    rows += [
        ("limits", limits_name(spec.judge, spec.limits)),
        ("farm", f"{report.versions.farm}, Python {report.versions.python}"),
        ("runners", "; ".join(report.versions.runners) or "-"),
    ]
    if report.telemetry.timing.started_at:
        rows.append(
            ("started", datetime.fromtimestamp(report.telemetry.timing.started_at, UTC).isoformat(" ", "seconds"))
        )
    rows.append(("score digest", report.score_digest()))
    return Section("Provenance", ("", "value"), tuple(rows), text=True)


_TOLD_BY = {"user": "as the user says", "farm": "started by farm", "server": "as the server says"}


def build_name(spec: RunSpec) -> str:
    """The build that gave the answers, and who says so."""
    build = spec.build
    if not build.known:
        return "unknown"
    commits = (("tt-metal", build.tt_metal_commit), ("vllm", build.vllm_commit))
    built = "".join(f", {name} {commit}" for name, commit in commits if commit)
    return f"{build.name}{built} ({_TOLD_BY[build.told_by]})"


def _reasoning(notes: AnswerNotes) -> str:
    """How many answers reasoned, where it stood, and its tokens."""
    places = ", ".join(f"{number} in {where}" for where, number in sorted(notes.thought.items()))
    about = "" if notes.thought_counted else "about "
    mean = f"; {about}{notes.thought_tokens / notes.thinking:.0f} tokens on average" if notes.thought_tokens else ""
    return f"{notes.thinking} of {notes.answers} answers: {places}{mean}"


def _share(share: ServerShare) -> str:
    rate = "" if share.tokens_per_second is None else f", {share.tokens_per_second:.1f} tokens per second"
    took = "" if share.latency_s is None else f", {share.latency_s:.2f} s a completion"
    return f"{share.samples} samples{rate}{took}"


def _seconds(seconds: Distribution) -> str:
    return f"p50 {seconds.p50:.2f} s, p95 {seconds.p95:.2f} s, max {seconds.max:.2f} s"
