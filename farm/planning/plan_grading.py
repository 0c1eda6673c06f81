"""The plan of a run that judges completions which exist already: what a file holds, what another tool says of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from farm.datasets.completions import NO_TOOL, CompletionFile, CompletionRow
from farm.datasets.problem_names import ProblemNames
from farm.errors import DatasetError
from farm.ids import sha256_hex
from farm.ledger.ledger import Ledger
from farm.planning.plan import PlannedDataset, Subject
from farm.protocols import Protocol, program_of
from farm.records import (
    Completion,
    GenerateTelemetry,
    JudgeSpec,
    Limits,
    RunSpec,
    SampleKey,
    Sampling,
    StoredCompletion,
)
from farm.scoring.extract import last_block
from farm.scoring.passk import default_ks
from farm.text import encode, one_line

Reading = Literal["given", "blocks", "protocol"]


def plan_grading(
    ledger: Ledger,
    run_id: str,
    dataset: PlannedDataset,
    completions: CompletionFile,
    *,
    protocol: Protocol,
    judge: JudgeSpec,
    limits: Limits,
    cache: bool = True,
    reading: Reading = "given",
    subject: Subject | None = None,
) -> tuple[RunSpec, int]:
    """Record a run that judges completions which exist already, the completions, and what the file says of them.

    Completions of problems that the plan leaves out are left out too; their number is returned with the
    spec. Programs that the file has are judged as they are (`reading` given). `blocks`: so is the last fenced block of
    an answer, for a protocol that reads no fences. `protocol`: it reads all answers, also those with a program.
    DatasetError for one of a problem that the dataset does not have, and when none is left; ConfigError
    for a judge of other tests.
    """
    dataset.refuse_other(judge)
    problems = dataset.problems
    names = ProblemNames([p.problem_id for p in problems], [p.statement for p in problems], dataset.left_out)
    found = _read(completions, names, _Reader(protocol, dataset.own_code, reading), len(problems))
    subject = subject or Subject()
    scores = {found.named.get(name, name): share for name, share in completions.own_scores().items() if 0 <= share <= 1}
    spec = RunSpec(
        kind="grade",
        eval_task="grade",
        model=subject.model,
        build=subject.build,
        labels=dict(subject.labels),
        protocol=protocol.ident,
        protocol_digest=protocol.digest(),
        judge=judge,
        sampling=Sampling(n=min(found.counts.values())),
        limits=limits,
        dataset=dataset.ref,
        ks=tuple(default_ks(max(found.counts.values()))),
        completions=sha256_hex("".join(sorted(found.digests)).encode()),  # whatever the file's order
        imported_from="" if completions.tool == NO_TOOL else completions.tool,
        given_programs=found.given,
        cache=cache,
    )
    planned_ones = (_stored(row, name, reading) for row, name in _named(completions, names) if name is not None)
    scored = (replace(p, tool_score=scores.get(p.problem_id)) for p in problems)
    ledger.create_run(run_id, spec, scored, list(found.seen), planned_ones)
    return spec, found.left_out


@dataclass(frozen=True, slots=True)
class _Reader:
    """How the programs of a file's answers are found."""

    protocol: Protocol
    own_code: Mapping[str, str]
    reading: Reading

    def digest(self, stored: StoredCompletion) -> str:
        """The same for an answer with the program that the protocol takes from it, and for that answer alone."""
        completion, program = stored.completion, stored.program
        if program is not None:
            own_code = self.own_code.get(completion.problem_id, "")
            taken = program_of(self.protocol, completion, stored.text, own_code)
            if taken == program_of(self.protocol, completion, stored.text, own_code, program):
                completion = completion.model_copy(update={"program_sha256": None})
        return sha256_hex(completion.to_json())


@dataclass(slots=True)
class _Found:
    """What a file holds, but for its texts."""

    seen: dict[SampleKey, int] = field(default_factory=dict)  # the sample's row
    named: dict[str, str] = field(default_factory=dict)  # problem ids by the file's ids
    counts: Counter[str] = field(default_factory=Counter)
    digests: list[str] = field(default_factory=list)
    given: int = 0  # programs
    left_out: int = 0


def _read(completions: CompletionFile, names: ProblemNames, reader: _Reader, problems: int) -> _Found:
    found, places = _Found(), 0
    for row, problem_id in _named(completions, names):
        if problem_id is None:
            found.left_out += 1
            continue
        key = SampleKey(problem_id, row.index)
        if key in found.seen:
            raise DatasetError(
                f"{one_line(str(key))} is given in row {found.seen[key]} already",
                path=str(completions.path), row=row.row,
            )  # fmt: skip
        found.seen[key] = row.row
        found.named[row.question_id] = problem_id
        found.counts[problem_id] += 1
        places = max(places, 0 if row.place is None else row.place + 1)
        stored = _stored(row, problem_id, reader.reading)
        found.given += stored.program is not None or stored.completion.form == "program"
        found.digests.append(reader.digest(stored))
    if places and places < problems:
        raise DatasetError(
            f"the file has answers to {places} problems and names none of them, this run has {problems}",
            path=str(completions.path), remedy="choose the problems that were asked, in their order: --ids, --limit",
        )  # fmt: skip
    if not found.seen:
        raise DatasetError("no completion is of a problem that was selected", path=str(completions.path))
    return found


def _named(completions: CompletionFile, names: ProblemNames) -> Iterator[tuple[CompletionRow, str | None]]:
    for row in completions.rows():
        yield row, names.find(row, completions.path)


def _stored(row: CompletionRow, problem_id: str, reading: Reading) -> StoredCompletion:
    form: Literal["text", "program"] = "program" if row.output is None else "text"
    text = encode(row.code or "" if row.output is None else row.output)
    program = None
    if row.output is not None and reading != "protocol":
        block = last_block(row.output) if reading == "blocks" and row.code is None else None
        code = block if row.code is None else row.code
        program = None if code is None else encode(code)
    completion = Completion(
        problem_id=problem_id,
        index=row.index,
        form=form,
        text_sha256=sha256_hex(text),
        program_sha256=None if program is None else sha256_hex(program),
    )
    return StoredCompletion(completion, GenerateTelemetry(), text, program=program)
