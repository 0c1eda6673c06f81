"""`farm dataset`: get datasets, see what is in them, and check them."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from farm.app.home import datasets_folder
from farm.benchmarks.benchmark import Benchmark, DataFile, Download
from farm.benchmarks.registry import benchmarks, errata_of
from farm.cli.options.problems import RELEASE_HELP
from farm.config import Settings, load
from farm.datasets.load import load_problems
from farm.datasets.pulling.pulled import found_in, read_note
from farm.datasets.pulling.releases import Slice, files_of
from farm.datasets.reader import ReadLog, read_headers
from farm.datasets.resolve import DatasetSource, resolve
from farm.datasets.select import Selection
from farm.datasets.summary import Summary, summarize
from farm.datasets.verify import verify as verify_source
from farm.errors import ConfigError, DatasetError, Interrupted
from farm.records import Difficulty, Problem
from farm.screen.status_line import Rate, StatusLine
from farm.text import bytes_text, clock, one_line, printable

if TYPE_CHECKING:
    from farm.datasets.pulling.pull import Progress

STATEMENT = 20_000  # characters of a statement that are shown
TEST = 2_000  # of one test

RELEASE = click.option(
    "--release",
    metavar="vN|vN-only|vM_vN",
    help=RELEASE_HELP,
)


@click.group()
def dataset() -> None:
    """Pull, list, show and verify datasets."""


@dataset.command()
@click.argument("name", default="livecodebench")
@RELEASE
@click.option("--revision", metavar="SHA", help="Commit, tag or branch of the repository; default: its main branch.")
@click.option(
    "--from-dir", "origin", type=click.Path(file_okay=False, path_type=Path), help="Copy the files from this folder."
)
@click.option(
    "--via",
    type=click.Choice(["http", "datasets"]),
    default="http",
    show_default=True,
    help="datasets: through Hugging Face's library, where it is installed.",
)
def pull(name: str, release: str | None, revision: str | None, origin: Path | None, via: str) -> None:
    """Get the dataset of benchmark NAME: LiveCodeBench by default; farm dataset list names the others.

    Plain files only, no loading script. A pull that was cut short goes on where it stopped. HF_ENDPOINT
    and HF_TOKEN are used for the Hugging Face hub.
    """
    from farm.datasets.pulling import pull as ways  # requests is loaded for this command alone

    if origin is not None and (revision is not None or via != "http"):
        raise ConfigError("--from-dir copies files as they are", remedy="leave --revision and --via out")
    settings, wanted = load(), _download(name)
    folder = datasets_folder(settings) / name
    files = files_of(name, wanted, release)
    with StatusLine() as line:
        view = _PullView(line)
        try:
            if origin is not None:
                outcome = ways.pull_folder(folder, files, origin, on_progress=view.show)
            elif via == "datasets":
                outcome = ways.pull_library(
                    wanted, folder, files, token=settings.secret("HF_TOKEN"), revision=revision, on_progress=view.show
                )
            else:
                outcome = ways.pull_http(
                    wanted, folder, files, endpoint=settings.hf_endpoint, token=settings.secret("HF_TOKEN"),
                    revision=revision, on_progress=view.show,
                )  # fmt: skip
        except KeyboardInterrupt:
            again = shlex.join(_again(name, release, revision, origin, via))
            kept = "what came is" if origin is None and via == "http" else "whole files are"
            raise Interrupted(
                f"the pull is interrupted at {bytes_text(view.done)}; {kept} kept in {folder}",
                remedy=f"go on with: {again}",
            ) from None
    for caution in outcome.cautions:
        click.echo(f"caution: {caution}", err=True)
    if outcome.kept:
        click.echo(f"there already: {', '.join(outcome.kept)}")
    if outcome.fetched:
        click.echo(f"pulled: {', '.join(outcome.fetched)} into {folder}")
    click.echo(f"use it with: --dataset {name}; check it with: farm dataset verify {name}")


def _again(name: str, release: str | None, revision: str | None, origin: Path | None, via: str) -> list[str]:
    options = {
        "--release": release,
        "--revision": revision,
        "--from-dir": origin,
        "--via": via if via != "http" else None,
    }
    given = [part for option, value in options.items() if value is not None for part in (option, str(value))]
    return ["farm", "dataset", "pull", name, *given]


class _PullView:
    """Bytes, rate and time left of a pull."""

    def __init__(self, line: StatusLine) -> None:
        self._line, self._rate = line, Rate()
        self.done = 0

    def show(self, progress: Progress) -> None:
        """Show how far the pull is."""
        done, total = progress.done, progress.total
        self.done = done
        self._rate.add(progress.fresh)
        speed = self._rate.per_second()
        text = f"{progress.file}: {bytes_text(done)}"
        if total is not None:
            text += f" of {bytes_text(total)} ({100 * done / total if total else 100:.0f} %)"
        text += f", {bytes_text(speed)}/s"
        if total is not None and speed:
            text += f", ETA {clock((total - done) / speed)}"
        self._line.show(text)


# --- list ---------------------------------------------------------------------------------------


@dataset.command("list")
def list_() -> None:
    """List the datasets that are bundled, pulled, or known and not pulled."""
    settings = load()
    for item in benchmarks().values():
        if item.bundled is not None:
            click.echo(f"{item.name}  bundled, {sum(1 for _ in read_headers(item.bundled))} problems")
        elif item.download is not None:
            click.echo(_listed(item, item.download, settings))
        elif item.rows is not None:
            click.echo(f"{item.name}  not pulled by farm; give its file: --dataset FILE")


def _download(name: str) -> Download:
    """Where a benchmark is pulled from. DatasetError that lists those which can be pulled."""
    found = benchmarks().get(name)
    if found is None or found.download is None:
        pulled = [item.name for item in benchmarks().values() if item.download is not None]
        raise DatasetError(
            f"no dataset is known as {one_line(name, 60)!r}", remedy=f"farm can pull {', '.join(pulled)}"
        )
    return found.download


def _listed(item: Benchmark, source: Download, settings: Settings) -> str:
    folder = datasets_folder(settings) / item.name
    there = {file: path for file in source.files if (path := found_in(folder, file.name)) is not None}
    if not there:
        rows = sum(file.rows for file in source.files)
        return f"{item.name}  not pulled, {rows} problems; get it: farm dataset pull {item.name}"
    size = bytes_text(sum(path.stat().st_size for path in there.values()))
    names = [path.name for path in there.values()]
    try:
        release = _releases(item, source, folder, there)
        revision = read_note(folder).revision(names)
    except DatasetError as exc:
        return f"{item.name}  unusable: {one_line(str(exc), 500)}"
    rows = sum(file.rows for file in there)
    parts = [f"{release}{rows} problems", size, f"revision {revision}" if revision else "", str(folder)]
    return f"{item.name}  " + ", ".join(part for part in parts if part)


def _releases(item: Benchmark, source: Download, folder: Path, there: dict[DataFile, Path]) -> str:
    """Which releases are there, and which files apart from them."""
    if not source.releases:
        return ""
    apart = [Slice(source, number, number) for number, file in enumerate(source.files, 1) if file in there]
    if source.files[0] not in there:
        return f"{', '.join(part.name for part in apart)}, "
    newest = resolve(item.name, pulled=folder.parent)
    more = [part.name for part in apart if there[part.files[0]] not in newest.paths]
    return "".join(f"{name}, " for name in (f"release_{source.releases[0]} to {newest.name}", *more))


# --- show ---------------------------------------------------------------------------------------


@dataset.command()
@click.argument("name", metavar="NAME|PATH")
@click.argument("problem_id", metavar="PROBLEM", required=False)
@RELEASE
def show(name: str, problem_id: str | None, release: str | None) -> None:
    """Show what is in a dataset, or one of its problems with its public tests."""
    source = _source(name, release)
    if problem_id is not None:
        _show_problem(source, problem_id)
        return
    with StatusLine() as line:
        summary = summarize(source, lambda done: line.show(f"reading {source.name}: {done} problems"))
    for label, value in _summary_rows(source, summary):
        click.echo(f"{label:<12}{printable(value)}")


def _summary_rows(source: DatasetSource, summary: Summary) -> list[tuple[str, str]]:
    errata = errata_of(source.dataset)
    most, holder = summary.most_tests
    tests = summary.public_tests + summary.private_tests
    rows = [
        ("dataset", f"{source.name}, from {source.source}"),
        ("files", ", ".join(path.name for path in source.paths)),
        ("problems", f"{summary.problems} (tests: {_counts(dict(sorted(summary.kinds.items())))})"),
        ("difficulty", _counts({d.value: summary.by_difficulty[d.value] for d in Difficulty})),
        ("platform", _counts(dict(sorted(summary.by_platform.items())))),
        ("tests", f"{tests} ({summary.public_tests} public, {summary.private_tests} private); most: {most}, {holder}"),
    ]
    if summary.first_date:
        rows.insert(5, ("dates", f"{summary.first_date} to {summary.last_date}"))
    if source.revision:
        rows.insert(2, ("revision", source.revision))
    if errata.version:
        rows.append(("errata", f"{errata.version}: {', '.join(summary.flawed) or 'none of its problems is here'}"))
    rows += [("bad row", one_line(reason, 500)) for reason in summary.bad_rows]
    return rows


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items() if count)


def _show_problem(source: DatasetSource, problem_id: str) -> None:
    wanted = Selection(ids=frozenset({problem_id}))
    with StatusLine() as line:
        line.show(f"looking for {problem_id}")
        (problem,) = load_problems(source, wanted, skip_bad_rows=True, log=ReadLog())
    reason = errata_of(source.dataset).problems.get(problem_id)
    click.echo(printable(_problem_text(problem, reason), 1 << 20))


def _problem_text(problem: Problem, erratum: str | None) -> str:
    public = [test for test in problem.tests if test.public]
    facts = [problem.platform, problem.difficulty.value, problem.contest_date[:10], problem.contest_id]
    kind = f"calls {problem.func_name}" if problem.functional else "standard input"
    if problem.asserts is not None:
        kind = "Python tests"
    parts = [
        f"{problem.problem_id}  {one_line(problem.title)}",
        ", ".join([*(fact for fact in facts if fact), kind]),
        f"erratum: {erratum}" if erratum else "",
        f"\n{_cut(problem.statement, STATEMENT)}",
        f"\nstarter code:\n{_cut(problem.starter_code, STATEMENT)}" if problem.starter_code else "",
    ]
    for number, test in enumerate(public):
        parts.append(f"\npublic test {number}, input:\n{_cut(test.input, TEST)}\noutput:\n{_cut(test.output, TEST)}")
    parts.append(f"\n{len(public)} public and {len(problem.tests) - len(public)} private tests")
    return "\n".join(part for part in parts if part)


def _cut(text: str, limit: int) -> str:
    return printable(text.rstrip("\n"), limit)


# --- verify -------------------------------------------------------------------------------------


@dataset.command()
@click.argument("name", metavar="NAME|PATH")
@RELEASE
def verify(name: str, release: str | None) -> int:
    """Read a whole dataset again: digests, rows, and all tests decoded. Exit 1 if anything is wrong."""
    source = _source(name, release)
    with StatusLine() as line:
        found = verify_source(source, line.show)
    for caution in found.cautions:
        click.echo(f"caution {one_line(caution, 500)}")
    for fault in found.faults:
        click.echo(f"fail    {one_line(fault, 500)}")
    if not found.faults:
        click.echo(f"pass    {source.name}: {found.problems} problems, {found.tests} tests, digest {found.digest}")
    return int(bool(found.faults))


def _source(name: str, release: str | None) -> DatasetSource:
    return resolve(name, release=release, pulled=datasets_folder(load()))
