"""HTTP to one model server: pooled connections, a token that goes nowhere else, bounded bodies.

A session of `requests` would follow redirects with the token, let a .netrc entry replace it, obey proxy
variables and unpack a gzip bomb; so only what is below it is used. Bodies are read raw and under a guard
(`farm.inference.connection.watchdog`), so a request ends in time however slowly its answer drips.
"""

from __future__ import annotations

import contextlib
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from farm import __version__
from farm.errors import BadResponse, ConfigError, ConnectionLost, RequestTimeout, Stalled
from farm.ids import canonical_json
from farm.inference.connection.address import checked_url, route
from farm.inference.connection.faults import reason, tls_fault
from farm.inference.connection.watchdog import Guard, Watchdog
from farm.logs import about
from farm.request_headers import SECRET_FROM, merged
from farm.text import one_line

STALE_S = 1.0
CHUNK_BYTES = 1 << 16
FORM_BYTES = 6  # "event:"
BLANK = b" \t\r\n\xef\xbb\xbf"  # and a byte-order mark
USER_AGENT = f"farm/{__version__}"

_current = threading.local()  # of the request that this thread is making: .guard, .connected


class _GuardedHTTP(HTTPConnection):
    """Shows its socket to the guard before it waits for headers, which may never end."""

    def connect(self) -> None:
        _current.connected = True
        super().connect()

    def getresponse(self) -> Any:
        _current.guard.attach(self.sock)
        return super().getresponse()


class _GuardedHTTPS(_GuardedHTTP, HTTPSConnection):
    """The same, with TLS."""


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _GuardedHTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedHTTPS


class _Adapter(HTTPAdapter):
    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Nothing: the context verifies. requests would add its own authorities to it for each connection."""


class _Session:
    """Kept connections of one thread.

    Without what a `requests.Session` does for each request: it merges settings of the environment, keeps cookies and
    follows redirects (none of which is wanted here), and takes longer for it than for the request.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self._adapter = _Adapter(context)
        self._urls: dict[str, str] = {}  # as given -> as sent

    def send_plain(
        self, method: str, url: str, headers: dict[str, str], data: bytes | None, timeout: tuple[float, float]
    ) -> requests.Response:
        """One request; the response's body is unread. Raises requests.RequestException."""
        if url not in self._urls:
            self._urls[url] = str(requests.Request(method, url).prepare().url)
        prepared = requests.PreparedRequest()
        prepared.method, prepared.url, prepared.body = method, self._urls[url], data
        prepared.headers = CaseInsensitiveDict(
            {"User-Agent": USER_AGENT, "Accept": "*/*", "Connection": "keep-alive", **headers}
        )
        if data is not None or method not in ("GET", "HEAD"):
            prepared.headers["Content-Length"] = str(len(data or b""))
        return self._adapter.send(prepared, stream=True, timeout=timeout, verify=True, proxies={})

    def close(self) -> None:
        self._adapter.close()


class Exchange:
    """The answer to one request, its body still to be read."""

    def __init__(self, response: urllib3.BaseHTTPResponse, guard: Guard, requests: int) -> None:
        self._response = response
        self.guard = guard
        self.requests = requests  # that it took
        self.status = response.status
        self.headers = response.headers
        self._head = b""

    def peek(self) -> bytes:
        """The first bytes of the body, enough to tell its form, which stay to be read; empty if there are none."""
        while not self._head.strip(BLANK).startswith((b"{", b":", b"<")) and len(self._head.strip(BLANK)) < FORM_BYTES:
            chunk = self._response.read1(CHUNK_BYTES, decode_content=False)
            if not chunk:
                break
            self._head += chunk
        return self._head

    def chunks(self) -> Iterator[bytes]:
        """The body as it arrives, in pieces of at most 64 KiB, not unpacked."""
        if self._head:
            head, self._head = self._head, b""
            yield head
        while chunk := self._response.read1(CHUNK_BYTES, decode_content=False):
            yield chunk
        if self.guard.expired:  # a body without a length ends like this, too
            raise ConnectionAbortedError("ended by the guard")

    def read(self, limit: int) -> bytes:
        """The body; one byte more than `limit` if it is longer than that."""
        parts: list[bytes] = []
        room = limit + 1
        for chunk in self.chunks():
            parts.append(chunk[:room])
            room -= len(parts[-1])
            if not room:
                break
        return b"".join(parts)

    def drain(self, patience_s: float) -> None:
        """Reads what is left of an answer that is complete already, so that the connection can be used again."""
        self.guard.progress(patience_s)
        with contextlib.suppress(urllib3.exceptions.HTTPError, OSError):
            for _, _ in zip(range(16), self.chunks(), strict=False):
                pass

    def close(self) -> None:
        """Ends the connection unless its answer was read to the end."""
        self._response.close()


class Transport:
    """Requests to one base URL. Each thread has its own session."""

    def __init__(
        self,
        base_url: str,
        *,
        token: str | None,
        url_origin: str,
        token_origin: str,
        connect_s: float,
        headers: Mapping[str, str],
        context: ssl.SSLContext,
    ) -> None:
        self.base_url = checked_url(base_url, url_origin)
        self.url_origin = url_origin
        self._token = checked_token(token, token_origin)
        self._headers = dict(headers)
        self._context = context
        self._connect_s = connect_s
        self._watchdog = Watchdog()
        self._local = threading.local()
        self._sessions: list[_Session] = []
        self._lock = threading.Lock()

    def close(self) -> None:
        """Closes all connections."""
        with self._lock:
            for session in self._sessions:
                session.close()
            self._sessions.clear()
        self._watchdog.close()

    @property
    def place(self) -> str:
        """The server as messages name it: its URL and where that came from."""
        return f"{self.base_url} (from {self.url_origin})" if self.url_origin else self.base_url

    def redact(self, text: str) -> str:
        """`text` without the token and the values of added headers, should the server repeat them."""
        text = text.replace(self._token, "[token]") if self._token else text
        for value in self._headers.values():
            text = text.replace(value, "[header]") if len(value) >= SECRET_FROM else text
        return text

    def url(self, path: str) -> str:
        """The URL of a route of the server."""
        return route(self.base_url, path)

    @contextlib.contextmanager
    def exchange(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None,
        *,
        deadline_s: float,
        patience_s: float,
        on_guard: Callable[[Guard], None] | None = None,
    ) -> Iterator[Exchange]:
        """One request; its answer is read inside the `with`. `on_guard` gets the guard that it is under.

        Raises, also out of the reading: RequestTimeout, Stalled, ConnectionLost; BadResponse for a
        compressed body, which was not asked for and is not unpacked.
        """
        with self._watchdog.guard(deadline_s=deadline_s, patience_s=patience_s) as guard:
            _current.guard = guard
            if on_guard is not None:
                on_guard(guard)
            try:
                exchange = self._open(method, path, body, guard)
                try:
                    coding = exchange.headers.get("Content-Encoding", "identity")
                    if coding.lower() != "identity":
                        raise BadResponse(f"{self.url(path)} sent a body compressed with {one_line(coding, 40)}")
                    yield exchange
                finally:
                    exchange.close()
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as exc:
                raise self._lost(exc, path, guard) from exc
            finally:
                del _current.guard

    def _open(self, method: str, path: str, body: dict[str, Any] | None, guard: Guard) -> Exchange:
        """Sends the request, a second time if a kept connection proves to be closed.

        Servers close idle connections whenever they like (llama.cpp after 5 s), and that may cross with
        the next request on its way. Such a request never arrived: the connection breaks at once.
        """
        started = time.monotonic()
        try:
            return Exchange(self._send(method, path, body, guard), guard, requests=1)
        except requests.ConnectionError:
            if _current.connected or guard.expired or time.monotonic() - started > STALE_S:
                raise
        return Exchange(self._send(method, path, body, guard), guard, requests=2)

    def _send(self, method: str, path: str, body: dict[str, Any] | None, guard: Guard) -> urllib3.BaseHTTPResponse:
        headers = {"Accept-Encoding": "identity"}
        if request_id := about("request"):
            headers["X-Request-Id"] = request_id  # joins our log with the server's
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        headers = merged(headers, self._headers)
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = canonical_json(body)
        # The guard ends the request; the read timeout is there in case it fails.
        timeout = (min(self._connect_s, guard.remaining_s() + 0.001), guard.remaining_s() + 5.0)
        _current.connected = False
        answer = self._session().send_plain(method, self.url(path), headers, data, timeout)
        response: urllib3.BaseHTTPResponse = answer.raw
        return response

    def _session(self) -> _Session:
        session: _Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = _Session(self._context)
            with self._lock:
                self._sessions.append(session)
        return session

    def _lost(self, exc: Exception, path: str, guard: Guard) -> Exception:
        late = isinstance(exc, requests.ReadTimeout | urllib3.exceptions.ReadTimeoutError)
        if guard.expired == "deadline" or not guard.remaining_s() or (late and not guard.expired):
            return RequestTimeout(f"{self.place}: {path} did not finish its answer within the deadline")
        if guard.expired:
            return Stalled(f"{self.place}: {path} sent nothing for too long")
        return tls_fault(exc, self.place) or ConnectionLost(f"{self.place}: {reason(exc)}")


def checked_token(token: str | None, origin: str) -> str | None:
    """The token if it can be sent in a header; ConfigError that names `origin`, never the value."""
    if token is not None and not re.fullmatch(r"[\x21-\x7e]+", token):
        raise ConfigError(
            f"{origin or 'API key'}: the key holds characters that no header can carry",
            remedy="use printable ASCII without spaces",
        )
    return token
