"""`farm ui` as a process, looked at with a real browser."""

from __future__ import annotations

import base64
import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from farm.datasets.store import BlobStore
from farm.ledger.ledger import Ledger, PlannedProblem
from farm.records import SampleKey, ServedModel, Verdict
from tests.support.browser import Browser, chromium
from tests.support.farm_process import FarmProcess, environment
from tests.support.wait import wait_until
from tests.unit.plans import SUITE, SUITE_DIGEST, entry, result, spec

HOSTILE = "<script>window.hacked=1</script><img src=x onerror=window.hacked=1>\x1b\u202e"
GOOD, BAD = Verdict.PASSED, Verdict.WRONG_ANSWER
KEYS = [SampleKey(f"p{i}", 0) for i in range(6)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two complete runs, and one that is under way."""
    home = tmp_path_factory.mktemp("ui") / "home"
    BlobStore(home / "blobs").put(SUITE.to_json())
    problems = [
        PlannedProblem(key.problem_id, HOSTILE, "", "easy", "2024-01-01", None, SUITE_DIGEST, 1, HOSTILE)
        for key in KEYS
    ]
    with Ledger(f"sqlite:///{home / 'ledger.db'}") as ledger:
        for run_id, solved in (("run-1", 4), ("run-2", 2), ("live", 1)):
            model = ServedModel(name=HOSTILE, repo=HOSTILE, device="n300")
            data = spec().dataset.model_copy(update={"problems": len(KEYS)})
            run_spec = spec("evaluate", dataset=data, model=model)
            ledger.create_run(run_id, run_spec, problems, KEYS, [entry(key, HOSTILE) for key in KEYS])
            judged = KEYS[:1] if run_id == "live" else KEYS
            journal = ledger.acquire(run_id)
            journal.record_results([result(key, GOOD if n < solved else BAD) for n, key in enumerate(judged)])
            if run_id != "live":
                journal.release("complete")
    return home


@pytest.fixture(scope="module")
def site(home: Path) -> Iterator[str]:
    with served(home) as address:
        yield address


class served:
    def __init__(self, home: Path, *arguments: str, **env: str) -> None:
        self._process = FarmProcess(
            "ui", "--listen", "127.0.0.1:0", *arguments, env=environment(home, **env), log=home.parent / "ui.log"
        )

    def __enter__(self) -> str:
        process = self._process
        wait_until(lambda: "http://" in process.stdout or not process.running, "it serves", timeout_s=60)
        assert process.running, process.stderr
        return process.stdout.strip()

    def __exit__(self, *_: object) -> None:
        self._process.stop()
        assert self._process.process.returncode == 0, self._process.stderr
        assert "Traceback" not in self._process.stderr


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("profile")) as started:
        yield started


def asked(site: str, path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
    parts = urlsplit(site)
    assert parts.hostname is not None
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body


def first_line(site: str, request: bytes) -> bytes:
    """Of the reply to a request that Python's own client would not send."""
    parts = urlsplit(site)
    with socket.create_connection((parts.hostname, parts.port or 80), timeout=60) as connection:
        connection.sendall(request)
        return connection.makefile("rb").readline()


def test_runs_lead_to_a_run_its_report_and_a_comparison(site: str, browser: Browser) -> None:
    page = browser.page(site)
    rows = "[...document.querySelectorAll('#runs tbody tr')].map((row) => row.dataset.run)"
    assert page.run(rows) == ["live", "run-2", "run-1"]
    page.run("document.querySelector('a[href=\"/run/run-1\"]').click()")
    page.until("document.querySelector('h1') && document.querySelector('h1').textContent.includes('run-1')", "the run")
    assert "pass@1 66.67 %" in page.run("document.body.innerText")
    page.run("document.querySelector('a[href=\"/report/run-1\"]').click()")
    page.until("document.getElementById('problems') !== null", "its report")
    page.run("document.querySelector('#problems tbody th button').click()")
    page.until("document.querySelector('tr.detail details')", "a problem opens")
    page.go(site)
    page.run("document.querySelectorAll('input[value^=run-]').forEach((box) => { box.checked = true; })")
    page.run("document.querySelector('button.act').click()")
    page.until("document.body.innerText.includes('run-2 against run-1')", "the comparison")
    assert page.run("document.querySelector('main a[href=\"/report/run-2#p2\"]').textContent") == "0/1 WRONG_ANSWER"
    assert page.run("typeof window.hacked") == "undefined"
    assert page.wrong() == []
    assert {urlsplit(url).netloc for url in page.asked()} == {urlsplit(site).netloc}


def test_progress_is_live(site: str, browser: Browser, home: Path) -> None:
    page = browser.page(f"{site}run/live", dark=True, width=390)
    assert page.run("document.querySelector('progress').value") == 1
    assert page.run("document.documentElement.scrollWidth") <= 390
    with Ledger(f"sqlite:///{home / 'ledger.db'}") as ledger:
        journal = ledger.acquire("live")
        journal.record_results([result(key, BAD) for key in KEYS[1:4]])
        page.until("document.querySelector('progress').value === 4", "the page shows what was recorded meanwhile")
        assert "4/6 judged" in page.run("document.body.innerText")
        journal.record_results([result(key, BAD) for key in KEYS[4:]])
        journal.release("complete")
    page.until("document.querySelector('h1 span')?.textContent === 'complete'", "it says that the run has ended")
    assert page.wrong() == []


def test_it_is_read_only_and_for_this_machine(site: str) -> None:
    assert asked(site, "/run/run-1", method="POST")[0] == 501
    assert asked(site, "/", Host="evil.example:80")[0] == 403  # a name that was bound to 127.0.0.1
    assert asked(site, "/", Host="[")[0] == 403
    assert first_line(site, b"GET http://[/ HTTP/1.0\r\nHost: localhost\r\n\r\n").startswith(b"HTTP/1.0 400")
    status, body = asked(site, "/run/nope")
    assert status == 404 and "no run nope" in body
    assert asked(site, "/compare?run=run-1")[0] == 400
    assert asked(site, "/../../etc/passwd")[0] == 404
    assert json.loads(asked(site, "/api/run/run-2")[1])["verdicts"] == {"PASSED": 2, "WRONG_ANSWER": 4}
    for path in ("/", "/run/run-1", "/trend", "/compare?run=run-1&run=run-2", "/report/run-2"):
        status, body = asked(site, path)
        assert status == 200 and "<script>window" not in body and "\u202e" not in body


def test_other_addresses_need_a_password(home: Path, tmp_path: Path) -> None:
    refused = FarmProcess("ui", "--listen", "0.0.0.0:0", env=environment(home), log=tmp_path / "refused.log")
    assert refused.wait() == 2 and "FARM_WEB_PASSWORD_FILE" in refused.stderr
    with served(home, FARM_WEB_PASSWORD="open sesame") as address:
        assert asked(address, "/")[0] == 401
        right = base64.b64encode(b"farm:open sesame").decode()
        assert asked(address, "/", Authorization=f"Basic {right}")[0] == 200
        assert asked(address, "/", Authorization=f"Basic {base64.b64encode(b'farm:x').decode()}")[0] == 401
