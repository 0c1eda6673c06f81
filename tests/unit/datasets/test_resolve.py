"""What may stand behind `--dataset`."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import pytest

from farm.benchmarks import Benchmark, DataFile, Download, registry
from farm.benchmarks.humaneval import HUMANEVAL
from farm.benchmarks.livecodebench.code_generation import LIVECODEBENCH
from farm.benchmarks.sample import sample_path
from farm.datasets.pulling.pulled import Pulled, PulledFile, write_note
from farm.datasets.resolve import resolve
from farm.errors import DatasetError
from tests.support.data import shared

assert LIVECODEBENCH.download is not None
RELEASE_FILES = [file.name for file in LIVECODEBENCH.download.files]


def test_sample_is_the_bundled_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sample").mkdir()
    monkeypatch.chdir(tmp_path)
    source = resolve("sample")
    assert (source.name, source.paths) == ("sample", (sample_path(),))
    assert sample_path().is_file()


@pytest.mark.parametrize("name", ["mine.jsonl", "mine.jsonl.gz"])
def test_a_file_is_itself(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.touch()
    source = resolve(str(path))
    assert (source.name, source.source, source.paths) == ("mine", str(path), (path,))


def test_releases_are_running_totals(tmp_path: Path) -> None:
    for name in RELEASE_FILES[:4]:
        (tmp_path / name).touch()
    assert resolve(tmp_path).release == "v4"
    assert [path.name for path in resolve(tmp_path, release="v2").paths] == ["test.jsonl", "test2.jsonl"]
    assert resolve(tmp_path, release="release_v1").name == "release_v1"
    with pytest.raises(DatasetError, match=r"release v6 needs test5\.jsonl, test6\.jsonl"):
        resolve(tmp_path, release="v6")
    with pytest.raises(DatasetError, match=r"unknown release 'v7'; the releases are v1, v2"):
        resolve(tmp_path, release="v7")


@pytest.mark.parametrize(
    ("release", "files", "name", "part"),
    [
        ("v6", [1, 2, 3, 4, 5, 6], "release_v6", "release_v6: all that v1 to v6 added, 1055 problems"),
        ("release_latest", [1, 2, 3, 4, 5, 6], "release_v6", "release_v6: all that v1 to v6 added, 1055 problems"),
        ("v1_v6", [1, 2, 3, 4, 5, 6], "release_v6", "release_v6: all that v1 to v6 added, 1055 problems"),
        (
            "v6-only", [6], "v6-only",
            "v6-only: the 175 problems that v6 added (test6.jsonl), not release_v6",
        ),
        ("v6_v6", [6], "v6-only", "v6-only: the 175 problems that v6 added (test6.jsonl), not release_v6"),
        ("v4_v6", [4, 5, 6], "v4_v6", "v4_v6: the 443 problems that v4 to v6 added"),
        ("v1-only", [1], "release_v1", "release_v1: the first file, 400 problems"),
    ],
)  # fmt: skip
def test_a_slice_is_what_some_releases_added(
    tmp_path: Path, release: str, files: list[int], name: str, part: str
) -> None:
    for file in RELEASE_FILES:
        (tmp_path / file).touch()
    found = resolve(tmp_path, release=release)
    assert [path.name for path in found.paths] == [RELEASE_FILES[number - 1] for number in files]
    assert (found.name, found.part) == (name, part)
    assert found.release in ("v6", "v6-only", "v4_v6", "v1")


@pytest.mark.parametrize("release", ["v6_v4", "v7-only", "v0_v3", "v4_", "only", "v4-v6", "release_v4_v6", "_"])
def test_a_name_that_is_no_slice_is_refused_with_those_there_are(tmp_path: Path, release: str) -> None:
    (tmp_path / RELEASE_FILES[0]).touch()
    with pytest.raises(DatasetError, match=r"give v4_v6|the releases are v1, .*, v6; v6-only is what v6 added"):
        resolve(tmp_path, release=release)


def test_a_slice_needs_its_own_files_alone(tmp_path: Path) -> None:
    path = tmp_path / RELEASE_FILES[5]
    path.touch()
    assert resolve(tmp_path, release="v6-only").paths == (path,)
    with pytest.raises(DatasetError, match=r"take what is there: --release v6-only"):
        resolve(tmp_path)
    with pytest.raises(DatasetError, match=r"release v4_v6 needs test4\.jsonl, test5\.jsonl"):
        resolve(tmp_path, release="v4_v6")


def test_a_file_with_the_name_of_a_release_file_is_that_slice(tmp_path: Path) -> None:
    path = tmp_path / RELEASE_FILES[5]
    path.write_text('{"question_id": "1", "public_test_cases": "[]"}\n')
    assert resolve(path).part == "v6-only: the 175 problems that v6 added (test6.jsonl), not release_v6"
    other = path.rename(tmp_path / "mine.jsonl")
    assert resolve(other).part == ""


def test_the_newest_release_without_a_gap_is_the_default(tmp_path: Path) -> None:
    for name in (RELEASE_FILES[0], RELEASE_FILES[1], RELEASE_FILES[3]):
        (tmp_path / name).touch()
    assert resolve(tmp_path).release == "v2"


def test_compressed_release_files_are_found(tmp_path: Path) -> None:
    (tmp_path / "test.jsonl.gz").write_bytes(gzip.compress(b""))
    assert [path.name for path in resolve(tmp_path).paths] == ["test.jsonl.gz"]


def test_a_gap_at_the_first_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "test2.jsonl").touch()
    with pytest.raises(DatasetError, match=r"release v1 needs test\.jsonl"):
        resolve(tmp_path)


def test_what_is_no_dataset_lists_what_is(tmp_path: Path) -> None:
    for name in (str(tmp_path / "absent.jsonl"), "livecode", ""):
        with pytest.raises(DatasetError, match=r"'sample' \(bundled\), livecodebench, .* a JSONL file .* or a dir"):
            resolve(name)
    with pytest.raises(DatasetError, match="the files of no benchmark"):
        resolve(tmp_path)


def test_a_release_is_for_directories(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").touch()
    for name in ("sample", str(tmp_path / "a.jsonl")):
        with pytest.raises(DatasetError, match="--release is for benchmarks"):
            resolve(name, release="v1")


def test_a_known_name_means_what_was_pulled(tmp_path: Path) -> None:
    folder = tmp_path / "livecodebench"
    folder.mkdir()
    for name in RELEASE_FILES[:2]:
        (folder / name).touch()
    note = {name: PulledFile(size=0, sha256="0" * 64, source="url", revision="abc") for name in RELEASE_FILES[:2]}
    write_note(folder, Pulled(files=note))
    source = resolve("livecodebench", pulled=tmp_path)
    assert (source.name, source.dataset, source.revision) == ("release_v2", "livecodebench", "abc")
    with pytest.raises(DatasetError, match="get it: farm dataset pull livecodebench --release v3"):
        resolve("livecodebench", release="v3", pulled=tmp_path)


@pytest.mark.parametrize("name", ["livecodebench", "humaneval", "mbpp"])
def test_a_known_name_that_was_not_pulled_says_how_to_get_it(tmp_path: Path, name: str) -> None:
    with pytest.raises(DatasetError, match=f"{name} is not on this machine .*; get it: farm dataset pull {name};"):
        resolve(name, pulled=tmp_path)


def test_a_file_s_benchmark_is_told_by_its_first_row(tmp_path: Path) -> None:
    assert resolve(shared("lcb_sample_problems.jsonl")).dataset == "livecodebench"
    assert resolve(shared("HumanEval.jsonl.gz")).dataset == "humaneval"
    assert resolve(shared("mbpp.jsonl")).dataset == "mbpp"
    (tmp_path / "odd.jsonl").write_bytes(b"not JSON")
    assert resolve(tmp_path / "odd.jsonl").dataset == ""


# --- benchmarks of other packages -----------------------------------------------------------------


@pytest.fixture
def add(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Benchmark], None]]:
    """Registers a benchmark as an installed package does."""
    module = ModuleType("tests_own_benchmarks")
    monkeypatch.setitem(sys.modules, module.__name__, module)

    def register(benchmark: Benchmark) -> None:
        vars(module)["OWN"] = benchmark
        point = EntryPoint("OWN", "tests_own_benchmarks:OWN", registry.GROUP)
        monkeypatch.setattr(registry, "entry_points", lambda group: [point])
        registry.registry.cache_clear()

    yield register
    registry.registry.cache_clear()


def test_a_benchmark_may_bring_its_file(add: Callable[[Benchmark], None]) -> None:
    add(Benchmark(name="own", bundled=sample_path()))
    source = resolve("own")
    assert (source.name, source.source, source.paths, source.dataset) == ("own", "bundled", (sample_path(),), "own")


def test_a_benchmark_without_files_wants_one(add: Callable[[Benchmark], None]) -> None:
    add(Benchmark(name="own"))
    with pytest.raises(DatasetError, match="own is not pulled by farm; give its file: --dataset FILE"):
        resolve("own")


def test_a_folder_of_any_benchmarks_files_is_known(tmp_path: Path) -> None:
    (tmp_path / "HumanEval.jsonl.gz").touch()
    source = resolve(tmp_path)
    assert (source.name, source.dataset, source.release) == ("humaneval", "humaneval", "")
    with pytest.raises(DatasetError, match="humaneval has no releases"):
        resolve(tmp_path, release="v1")


def test_where_two_benchmarks_name_files_alike_the_first_row_decides(
    tmp_path: Path, add: Callable[[Benchmark], None]
) -> None:
    alike = Download(files=(DataFile("HumanEval.jsonl.gz", 1),), url="", revision="main")
    add(Benchmark(name="own", download=alike))
    path = tmp_path / "HumanEval.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"task_id": "a", "entry_point": "f", "test": ""}\n'))
    assert resolve(tmp_path).dataset == HUMANEVAL.name
    path.write_bytes(gzip.compress(b"{}"))
    with pytest.raises(DatasetError, match=r"named like those of humaneval \(farm\) and own \("):
        resolve(tmp_path)
