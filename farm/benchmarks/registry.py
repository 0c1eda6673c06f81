"""Which benchmarks there are: those of farm, and those of installed packages.

A package registers a benchmark by an entry point of the group `farm.benchmarks` whose object is a `Benchmark`. All are
loaded at the first question, once a process. One that cannot be loaded, or that clashes with another one, is left out
with one line that names its package; the others work.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from farm.benchmarks.benchmark import Benchmark, Errata, Extractor, LmEvalTask
from farm.benchmarks.checker import Checker
from farm.benchmarks.rows import Fields, RowError
from farm.errors import BenchmarkError, ConfigError
from farm.records import Extraction, JudgeSpec, Protocol, Sampling
from farm.text import one_line

log = logging.getLogger(__name__)

GROUP = "farm.benchmarks"

# Of runs whose prompts are lm-eval's, and whose answers lm-eval scores; no benchmark has it
LM_EVAL = Protocol(
    name="lm-eval",
    version=1,
    template="{question}",
    extraction=Extraction(fence="none"),
    sampling=Sampling(),
    judge=JudgeSpec(),
)

# Of runs whose trials harbor made and judged: Terminal-Bench, SWE-bench
HARBOR = Protocol(
    name="harbor",
    version=1,
    template="{question}",
    extraction=Extraction(fence="none"),
    sampling=Sampling(),
    judge=JudgeSpec(),
)
ELSEWHERE = (LM_EVAL, HARBOR)  # protocols whose prompts are no benchmark's

# A table and not entry points of farm's own: those are looked for in all installed packages, which takes longer
_BUILT_IN = (
    ("farm.benchmarks.sample", "SAMPLE"),
    ("farm.benchmarks.livecodebench.code_generation", "LIVECODEBENCH"),
    ("farm.benchmarks.humaneval", "HUMANEVAL"),
    ("farm.benchmarks.mbpp", "MBPP"),
    ("farm.benchmarks.livecodebench.test_output", "TEST_OUTPUT"),
    ("farm.benchmarks.livecodebench.code_execution", "EXECUTION"),
)


@dataclass(frozen=True, slots=True)
class Registry:
    """The benchmarks by name, the package of each, and a line for each that was left out."""

    benchmarks: Mapping[str, Benchmark]
    packages: Mapping[str, str]
    faults: tuple[str, ...] = ()

    def protocols(self) -> Iterator[Protocol]:
        """Those that may be chosen for a dataset, in the order of their benchmarks."""
        return (protocol for benchmark in self.benchmarks.values() for protocol in benchmark.protocols)

    def follow_ups(self) -> Iterator[Protocol]:
        """Those that ask again about an earlier run."""
        return (protocol for benchmark in self.benchmarks.values() for protocol in benchmark.follow_ups)

    def named(self, name: str) -> str:
        """A benchmark as an error names it: with its package."""
        return f"{name} ({self.packages[name]})"


@lru_cache(maxsize=1)
def registry() -> Registry:
    """All benchmarks. Those that had to be left out are logged as warnings, once a process."""
    found = load_all(entry_points(group=GROUP))
    for fault in found.faults:
        log.warning("%s", fault)
    return found


def benchmarks() -> Mapping[str, Benchmark]:
    """All benchmarks by name."""
    return registry().benchmarks


def errata_of(name: str) -> Errata:
    """The errata of a benchmark by its name (`DatasetSource.dataset`); empty ones where none are kept."""
    benchmark = benchmarks().get(name)
    return Errata() if benchmark is None else benchmark.errata


def benchmark_with(protocol: str) -> str:
    """The name of the benchmark that has the protocol `name@version`; empty if there is none."""
    for benchmark in benchmarks().values():
        if protocol in (own.ident for own in (*benchmark.protocols, *benchmark.follow_ups)):
            return benchmark.name
    return ""


def checker_of(name: str, *, of: Registry | None = None) -> Checker:
    """The checker `benchmark/name@version`. LookupError if none of that name and version is installed here."""
    owner, _, checker = name.partition("/")
    benchmark = (benchmarks() if of is None else of.benchmarks).get(owner)
    if benchmark is None or checker not in benchmark.checkers:
        raise LookupError(f"no checker {one_line(name, 80)} is installed on this worker")
    return benchmark.checkers[checker]


def lm_eval_tasks() -> dict[str, LmEvalTask]:
    """The code tasks of lm-eval that farm judges itself, by name."""
    return {task.name: task for benchmark in benchmarks().values() for task in benchmark.lm_eval_tasks}


def benchmark_of(fields: Fields, *, of: Registry | None = None) -> Benchmark:
    """The benchmark that reads a row with these fields.

    RowError if no benchmark has such rows, or several have: a guess would judge by the wrong tests.
    """
    known = of or registry()
    readers = [item for item in known.benchmarks.values() if item.rows is not None]
    claims = [item for item in readers if item.rows is not None and item.rows.marks <= fields.keys()]
    if len(claims) == 1:
        return claims[0]
    if claims:
        names = " and ".join(known.named(item.name) for item in claims)
        raise RowError(f"this row is claimed by the benchmarks {names}; uninstall one, or let its marks ask for more")
    raise RowError(_unknown(fields, readers))


def extractor(protocol: Protocol) -> Extractor:
    """The function that `protocol.extraction` names. ConfigError if its benchmark is not here."""
    for benchmark in benchmarks().values():
        if protocol in benchmark.protocols or protocol in benchmark.follow_ups:
            return _checked(
                benchmark.extractors[protocol.extraction.function], protocol, registry().named(benchmark.name)
            )
    raise ConfigError(f"no benchmark here has protocol {protocol.ident}")


def load_all(points: Iterable[EntryPoint]) -> Registry:
    """The registry of farm's own benchmarks and of these entry points."""
    loaded: dict[str, Benchmark] = {}
    packages: dict[str, str] = {}
    faults: list[str] = []
    for module, name in _BUILT_IN:
        benchmark = getattr(import_module(module), name)
        loaded[benchmark.name], packages[benchmark.name] = benchmark, "farm"
    for point in sorted(points, key=lambda point: (_package(point), point.name)):
        where = f"benchmark {point.name} of package {_package(point)}"
        try:
            found = point.load()
        except (Exception, SystemExit) as exc:  # noqa: BLE001 - whatever a package does when it is imported
            faults.append(f"{where} is left out: {type(exc).__name__}: {one_line(str(exc), 300)}")
            continue
        if fault := _refused(found, Registry(loaded, packages)):
            faults.append(f"{where} is left out: {fault}")
            continue
        loaded[found.name], packages[found.name] = found, _package(point)
    return Registry(loaded, packages, tuple(faults))


def _refused(found: object, known: Registry) -> str:
    """Why an object cannot be a further benchmark; empty if it can."""
    if not isinstance(found, Benchmark):
        return f"{type(found).__name__} is no farm.benchmarks.Benchmark"
    if found.name in known.benchmarks:
        return f"the name {found.name} is taken by package {known.packages[found.name]}"
    if own := [item for item in (*found.protocols, *found.follow_ups) if item.name in [p.name for p in ELSEWHERE]]:
        return f"the protocol {own[0].ident} is farm's own"
    taken: list[tuple[str, Callable[[Benchmark], set[str]]]] = [
        # By name without version: a further version would become the one that the name alone means
        ("protocol", lambda item: {protocol.name for protocol in (*item.protocols, *item.follow_ups)}),
        ("eval task", lambda item: {item.name, *(task.name for task in item.lm_eval_tasks)}),
    ]
    for kind, names_of in taken:
        for other in known.benchmarks.values():
            if shared := sorted(names_of(found) & names_of(other)):
                return f"the {kind} {shared[0]} is taken by benchmark {known.named(other.name)}"
    return ""


def _package(point: EntryPoint) -> str:
    return "of unknown name" if point.dist is None else f"{point.dist.name} {point.dist.version}"


def _unknown(fields: Fields, readers: list[Benchmark]) -> str:
    """What is missing of the benchmark that the row is nearest to, or, for one that is near none, what there is."""
    shares = {
        item.name: (
            len(item.rows.marks & fields.keys()) / len(item.rows.marks),
            sorted(item.rows.marks - fields.keys()),
        )
        for item in readers
        if item.rows is not None
    }
    name, (share, missing) = max(shares.items(), key=lambda pair: pair[1][0])
    if share == 0:
        return f"the fields are those of no benchmark that farm knows: {', '.join(shares)}"
    return f"field {', '.join(missing)} is missing, if this is a row of {name}"


def _checked(function: Extractor, protocol: Protocol, owner: str) -> Extractor:
    """The function, with a fault of it as an error that names it: it must never pass for the model's."""

    def extract(answer: str, own_code: str) -> str:
        try:
            program = function(answer, own_code)
        except Exception as exc:
            raise _broken(f"{type(exc).__name__}: {one_line(str(exc), 200)}") from exc
        if not isinstance(program, str):
            raise _broken(f"it gave {type(program).__name__}, not str")
        return program

    def _broken(why: str) -> BenchmarkError:
        return BenchmarkError(
            f"benchmark {owner}: the extraction {protocol.extraction.function} of {protocol.ident} failed: {why}",
            remedy="correct or update that package, then go on: farm resume RUN",
        )

    return extract
