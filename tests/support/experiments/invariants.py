"""The invariants I1 to I10 that hold whatever was done to a run: over its history, Redis, processes and files.

Each function raises AssertionError that says what is broken, and for which samples. `check_all` is what an experiment
calls at its end; the others are for experiments that break one of them on purpose or look in mid-run.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import redis

from farm.coordinator.lifecycle import MAX_ATTEMPTS
from farm.queue.messages import MAX_MESSAGE_BYTES
from farm.records import SampleKey
from tests.support.cluster.cluster import Cluster
from tests.support.experiments.history import History, history_of
from tests.support.farm_process import FarmProcess
from tests.support.sandbox import descendants
from tests.support.wait import wait_until

EXIT_CODES = {0, 1, 2, 3, 4, 130}
FD_GROWTH = 16  # connections of redis-py's pool come and go


def check_all(cluster: Cluster, *, digest: str = "", coordinator_killed: bool = False) -> History:
    """I1, I2, I3 (if a digest is given), I6, I7, I10 of a run that has ended; its history.

    A coordinator that is killed takes the counts of its last second with it.
    """
    history = history_of(cluster)
    complete(history)
    once(history)
    same_score(cluster, digest)
    blame(history, {key: cluster.model.verdict(key).value for key in cluster.plan()})
    bounded(cluster.redis.client(), history)
    loud(history, all_counted=not coordinator_killed)
    return history


def complete(history: History) -> None:
    """I1: each planned sample has exactly one verdict, in the ledger and in the report."""
    assert not history.lost, f"I1: {len(history.lost)} lost, such as {_some(history.lost)}; {history}"
    assert not history.unexpected, f"I1: {len(history.unexpected)} unexpected, such as {_some(history.unexpected)}"
    assert history.reported == history.planned, f"I1: the report has other samples than the plan; {history}"
    assert history.report["status"] == "COMPLETE", f"I1: the report says {history.report['status']}"


def once(history: History) -> None:
    """I2: the ledger never holds two; completions never differ."""
    twice = [key for key, found in history.verdicts.items() if len(found) > 1]
    twice += [key for rows in (history.planned, history.completions) for key, times in rows.items() if times > 1]
    assert not twice, f"I2: recorded twice: {_some(twice)}"
    differ = history.counters.get("conflict_verdicts", 0)
    assert not differ, f"I2: {differ} verdicts differ from the recorded ones, and no program is random"


def same_score(cluster: Cluster, digest: str) -> None:
    """I3: the scripted verdict for each sample, and the score digest of the run without faults."""
    cluster.check_score()
    found = score_digest(cluster)
    assert not digest or found == digest, f"I3: the score digest is {found}, that of a run without faults {digest}"


def score_digest(cluster: Cluster) -> str:
    """As the report gives it."""
    return str(history_of(cluster).report["score_digest"])


def no_orphans(before: Collection[int], *, timeout_s: float = 60.0) -> None:
    """I4: no process below this one but those of `before`. For tests that adopt orphans (tests.support.orphans)."""
    wait_until(
        lambda: set(descendants(os.getpid())) <= set(before),
        "I4: no process is left but those of before",
        timeout_s=timeout_s,
    )


def descriptors(processes: Iterable[FarmProcess]) -> dict[int, int]:
    """The number of open descriptors of each running process, by pid."""
    return {p.process.pid: len(os.listdir(f"/proc/{p.process.pid}/fd")) for p in processes if p.running}


def no_growth(before: Mapping[int, int], after: Mapping[int, int]) -> None:
    """I4: the descriptors of no process have become more than a few."""
    grown = {pid: (before[pid], n) for pid, n in after.items() if pid in before and n > before[pid] + FD_GROWTH}
    assert not grown, f"I4: descriptors before and after, by pid: {grown}"


def ended(process: FarmProcess, timeout_s: float) -> int:
    """I5: it ends within the bound, and if not well, then with the one line of a FarmError; its exit code."""
    code = process.wait(timeout_s)
    assert code in EXIT_CODES, f"I5: exit code {code}:\n{process.stderr[-3000:]}"
    assert "Traceback" not in process.stderr, f"I5: a traceback:\n{process.stderr[-3000:]}"
    if code not in (0, 130):
        assert "farm: " in process.stderr.strip().splitlines()[-1], f"I5: no reason:\n{process.stderr[-3000:]}"
    return code


def blame(history: History, deserved: Mapping[SampleKey, str]) -> None:
    """I6: what our side did to a sample is never its verdict, and no verdict is a failed attempt."""
    wrong = {key: found for key, found in history.verdicts.items() if found != [deserved[key]]}
    assert not wrong, f"I6: verdicts that no program earned: {wrong}"
    odd = {reason for reasons in history.failures.values() for reason in reasons if reason in set(deserved.values())}
    assert not odd, f"I6: verdicts that were taken for failures: {odd}"


def bounded(client: redis.Redis, history: History) -> None:
    """I7: attempts are capped; the run's keys are gone at its end, but for copies of answers that came later still."""
    most = max((len(reasons) for reasons in history.failures.values()), default=0)
    assert most <= 2 * MAX_ATTEMPTS, f"I7: {most} failed attempts at one sample"  # of both stages
    late = b":answers" if history.duplicated else b"(none)"
    left = [key for key in client.scan_iter(match="farm:run:*") if not key.endswith(late)]
    assert not left, f"I7: keys that outlive their run: {left[:5]}"
    bounded_now(client)


def bounded_now(client: redis.Redis) -> None:
    """I7, at any moment: each key of a run can end by itself, and no message is larger than allowed."""
    for key in client.scan_iter(match="farm:run:*"):
        assert client.ttl(key) != -1, f"I7: {key!r} has no TTL"
    for key in client.scan_iter(match="farm:*", _type="list"):
        for message in cast(list[bytes], client.lrange(key, 0, 20)):
            assert len(message) <= 2 * MAX_MESSAGE_BYTES, f"I7: a message of {len(message)} bytes in {key!r}"


def secret_free(secret: str, folders: Iterable[Path]) -> int:
    """I8: the secret is in no file of these folders and in no process list; how many files were searched."""
    canary, searched = secret.encode(), 0
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file():
                searched += 1
                assert canary not in path.read_bytes(), f"I8: the key stands in {path}"
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            assert canary not in _read(entry / "cmdline"), f"I8: the key is in the command line of {entry.name}"
    return searched


def isolated(zygote: int) -> None:
    """I9: a zygote and its programs have no environment, no right to gain rights, and programs the filter."""
    programs = descendants(zygote)
    for pid in (zygote, *programs):
        names = {line.partition(b"=")[0] for line in _read(Path(f"/proc/{pid}/environ")).split(b"\0") if line}
        secret = {name for name in names if name.startswith((b"FARM_", b"VLLM_", b"JWT_", b"API_"))}
        assert not secret, f"I9: process {pid} of a sandbox knows {secret}"
    for pid in programs:
        status = dict(
            line.split(b":\t", 1) for line in _read(Path(f"/proc/{pid}/status")).splitlines() if b":\t" in line
        )
        if status:
            assert status[b"NoNewPrivs"] == b"1", f"I9: program {pid} can gain rights"


def loud(history: History, *, all_counted: bool = True) -> None:
    """I10: the report counts what the ledger counted; each failed attempt and each repeated request is counted."""
    counted, shown = history.counters, _counters(history.report)
    assert shown["duplicates"] == counted.get("duplicate_completions", 0) + counted.get("duplicate_verdicts", 0)
    assert shown["conflicts"] == counted.get("conflict_completions", 0) + counted.get("conflict_verdicts", 0)
    if not all_counted:
        return
    failed = sum(map(len, history.failures.values()))
    assert shown["resends"] >= failed, f"I10: {failed} failed attempts, {shown['resends']} counted"
    repeated = history.requests.total() - len(history.requests)
    counted_repeats = shown["resends"] + shown["retries"] + shown["duplicates"]
    assert repeated <= counted_repeats, f"I10: {repeated} requests were repeated, {counted_repeats} counted; {history}"


def _counters(report: Mapping[str, Any]) -> Mapping[str, int]:
    return cast(Mapping[str, int], report["telemetry"]["counters"])


def _some(keys: Iterable[SampleKey]) -> str:
    return ", ".join(sorted(map(str, keys))[:5])


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""  # it ended meanwhile
