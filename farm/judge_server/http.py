"""The HTTP server of `farm judge-server`.

    POST /v1/judge, /v1/suites    farm.judge_server.native
    POST /run_code, /submit       SandboxFusion's: farm.judge_server.fusion
    GET  /healthz, /metrics

What a caller did wrong is 4xx with one sentence. What this side failed at is 5xx: then there is no verdict at all, and
never one that says FAILED. A request that finds too many waiting is 429 with Retry-After.
"""

from __future__ import annotations

import hmac
import json
import logging
import re
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from farm.errors import ConfigError
from farm.judge_server import fusion, native
from farm.judge_server.metrics import Metrics
from farm.judge_server.service import BudgetSpent, ClientGone, Overloaded, Service
from farm.judge_server.slots import Fault, Outcome, Task
from farm.records import Suite
from farm.sandbox.api import Evaluation, Observation
from farm.web.access import Access

log = logging.getLogger(__name__)
BODY_BYTES = 64 << 20
REFUSED_BODY_BYTES = 64 << 10  # of a request without the token: read, so that the answer arrives, and thrown away
IDLE_S = 120  # a connection that sends nothing for so long is closed


class NoVerdict(Exception):
    """This side failed: `status` is 5xx."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Handler(BaseHTTPRequestHandler):
    """One connection; requests come one after the other."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "farm", ""
    timeout = IDLE_S
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body of an answer leave together

    def do_GET(self) -> None:
        self._streaming = False
        if self.path == "/healthz":
            self._json(200, {"status": "ok", "slots": self.server.service.pool.number})
        elif not self._admitted():
            pass
        elif self.path == "/metrics":
            kind, text = self.server.metrics.page()
            self._send(200, text, kind)
        else:
            self._error(404, "there is no such path")

    def do_POST(self) -> None:
        self._streaming = False
        answer = POSTS.get(self.path)
        body = self._body(BODY_BYTES if self._has_token() else REFUSED_BODY_BYTES)
        if body is None or not self._admitted():
            return
        if answer is None:
            self._error(404, "there is no such path")
            return
        with self.server.service.answering():
            self._answer(answer, body)

    def _answer(self, answer: Callable[[Handler, bytes], None], body: bytes) -> None:
        if self.server.stopping.is_set():  # a connection from before may send requests for ever
            self.close_connection = True
            self._error(503, "the server is being stopped", "try it again, elsewhere or later")
            return
        try:
            answer(self, body)
        except ConfigError as exc:
            self._error(400, str(exc), exc.remedy)
        except Overloaded as exc:
            self._error(429, str(exc), exc.remedy, {"Retry-After": f"{exc.retry_after_s:.0f}"})
        except BudgetSpent as exc:
            self._error(504, str(exc), exc.remedy)
        except NoVerdict as exc:
            self._error(exc.status, str(exc), "try it again")
        except (ClientGone, ConnectionError):
            self.server.metrics.hung_up()
            self.close_connection = True

    # --- paths --------------------------------------------------------------------------------------

    def _judge(self, body: bytes) -> None:
        request: native.JudgeRequest = native.parsed(native.JudgeRequest, body)
        suite = request.suite
        if suite is None:
            assert request.suite_digest is not None
            suite = self.server.suites.get(request.suite_digest)
        if suite is None:
            self._error(404, "suite_digest: no such suite is kept here", "send it to /v1/suites")
            return
        tests, known = len(suite.tests), suite
        verdicts: dict[int, native.ProgramVerdict] = {}

        def done(index: int, outcome: Outcome) -> None:
            evaluation = _evaluation(outcome)
            verdicts[index] = native.verdict_on(index, evaluation, tests, request.details)
            self.server.metrics.judged(evaluation.verdict.value, evaluation.wall_s)
            if request.stream:
                self._line(verdicts[index].to_json())

        self._run(native.tasks_of(request, known), done, request.budget_s)
        if request.stream:
            self._line(b'{"done":true}')
            self._chunk(b"")
        else:
            results = [verdicts[index].model_dump(mode="json") for index in range(len(request.programs))]
            self._json(200, {"results": results})

    def _suites(self, body: bytes) -> None:
        self._json(200, {"suite_digest": self.server.suites.put(native.parsed(Suite, body))})

    def _run_code(self, body: bytes) -> None:
        task = fusion.run_task(native.parsed(fusion.RunCode, body))
        seen: list[Outcome] = []
        self._run([task], lambda _, outcome: seen.append(outcome), None)
        [outcome] = seen
        if isinstance(outcome, Observation):
            self._json(200, fusion.ran(outcome))
        else:
            reason = outcome.reason if isinstance(outcome, Fault) else "no observation"
            self._json(200, fusion.failed(reason))  # its clients look at the status in the body

    def _submit(self, body: bytes) -> None:
        request = native.parsed(fusion.Submit, body)
        task, program = fusion.submit_task(request)
        seen: list[Evaluation] = []

        def done(_: int, outcome: Outcome) -> None:
            seen.append(_evaluation(outcome))
            self.server.metrics.judged(seen[0].verdict.value, seen[0].wall_s)

        self._run([task], done, None)
        self._json(200, fusion.submitted(request, task, program, seen[0]))

    def _run(self, tasks: list[Task], done: Callable[[int, Outcome], None], budget_s: float | None) -> None:
        self.server.service.judge(tasks, done, client_gone=self._client_gone, budget_s=budget_s)

    # --- HTTP ---------------------------------------------------------------------------------------

    def _has_token(self) -> bool:
        wanted = self.server.access.password
        scheme, _, token = (self.headers.get("Authorization") or "").partition(" ")
        return wanted is None or (scheme.lower() == "bearer" and hmac.compare_digest(token.encode(), wanted.encode()))

    def _admitted(self) -> bool:
        if not self._has_token():
            self._error(401, "a bearer token is needed", "Authorization: Bearer TOKEN", {"WWW-Authenticate": "Bearer"})
            return False
        if not self.server.access.accepts_host(self.headers.get("Host")):
            self._error(403, "without a token this address is for this machine, by a loopback name")
            return False
        return True

    def _body(self, most_bytes: int) -> bytes | None:
        """The body of a request; None if the answer was already given."""
        length = self.headers.get("Content-Length")
        if length is None or not re.fullmatch(r"[0-9]{1,18}", length):
            self.close_connection = True  # where its body ends is not known
            self._error(411, "a request needs a Content-Length")
            return None
        if int(length) > most_bytes:
            self.close_connection = True
            self._error(413, f"a request may have {most_bytes} bytes")
            return None
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self.close_connection = True
            return None
        return body

    def _client_gone(self) -> bool:
        try:
            ready, _, _ = select.select([self.connection], [], [], 0)
            return bool(ready) and self.connection.recv(1, socket.MSG_PEEK) == b""
        except (OSError, ValueError):
            return True

    def _json(self, status: int, value: object, more: dict[str, str] | None = None) -> None:
        self._send(status, json.dumps(value).encode(), "application/json", more)

    def _error(self, status: int, reason: str, remedy: str = "", more: dict[str, str] | None = None) -> None:
        said = {"error": {"reason": reason, "remedy": remedy or None}}
        if self._streaming:  # the status has been sent: the last line says it
            self._line(json.dumps(said).encode())
            self._chunk(b"")
            return
        self._json(status, said, more)

    def _send(self, status: int, body: bytes, kind: str, more: dict[str, str] | None = None) -> None:
        self.server.metrics.answered(self.path if self.path in PATHS else "other", status)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        for name, value in (more or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def _line(self, text: bytes) -> None:
        """One line of a streamed answer."""
        if not self._streaming:
            self._streaming = True
            self.server.metrics.answered(self.path, 200)
            self.send_response(200)
            self.send_header("Content-Type", "application/x-ndjson")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
        self._chunk(text + b"\n")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """Logs nothing: a trainer sends thousands of requests."""


POSTS: dict[str, Callable[[Handler, bytes], None]] = {
    "/v1/judge": Handler._judge,
    "/v1/suites": Handler._suites,
    "/run_code": Handler._run_code,
    "/submit": Handler._submit,
}
PATHS = {*POSTS, "/healthz", "/metrics"}


def _evaluation(outcome: Outcome) -> Evaluation:
    """The evaluation, or an error of the whole request: where tests or this side are at fault, nothing is a verdict."""
    if isinstance(outcome, Fault):
        if outcome.tests:
            raise ConfigError(outcome.reason, remedy="mend the tests")
        raise NoVerdict(503, outcome.reason)
    assert isinstance(outcome, Evaluation), "tasks that look have their own path"
    return outcome


class Server(ThreadingHTTPServer):
    """Listens at the address of `access`, whose password is the token."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, access: Access, service: Service) -> None:
        self.access, self.service = access, service
        self.suites, self.metrics = native.Suites(), Metrics(service)
        self.stopping = threading.Event()
        self.address_family = socket.AF_INET6 if ":" in access.host else socket.AF_INET
        super().__init__((access.host, access.port), Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):  # else the client has gone
            log.exception("a request from %s failed", client_address[0])


def serve(access: Access, service: Service, ready: Callable[[str], None]) -> int:
    """Serve until SIGTERM or SIGINT, then finish what was begun; the exit code. `ready` is called with the address.

    Raises ConfigError if the address cannot be listened on.
    """
    try:
        server = Server(access, service)
    except OSError as exc:
        raise ConfigError(f"cannot listen on {access.host}:{access.port}: {exc.strerror}") from exc

    def stop(*_: object) -> None:
        server.stopping.set()
        threading.Thread(target=server.shutdown).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    with server:
        host = f"[{access.host}]" if ":" in access.host else access.host
        ready(f"http://{host}:{server.server_address[1]}")
        server.serve_forever(poll_interval=0.2)
    service.wait_until_idle()
    return 0
