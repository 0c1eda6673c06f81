"""Files of a dataset repository over HTTP: what a URL holds, and its bytes from an offset on.

The Hugging Face hub answers a resolve URL of a large file with a redirect to its storage, and names the
file's size and SHA-256 in headers of that first answer (X-Linked-Size, X-Linked-ETag, and the
commit in X-Repo-Commit). A mirror or another server may name less; what it names is checked. The token
goes to the host of the first URL alone: requests drops the header when a redirect leaves it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from farm.errors import DatasetError
from farm.text import one_line
from farm.version import __version__

CONNECT_S = 15.0
REACH_S = 5.0  # to know whether there is a way at all
READ_S = 60.0  # without a byte; a storage that is slower than that is gone
_CHUNK = 64 << 10  # what a broken connection may take with it
_HOPS = 5
_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
_SHA256 = re.compile(r"[0-9a-f]{64}")


def reachable(url: str) -> bool:
    """Whether a server answers there at all, whatever it says. A proxy of the environment is used as elsewhere."""
    try:
        requests.head(url, timeout=REACH_S, allow_redirects=False)
    except requests.RequestException:
        return False
    return True


class BrokeOff(Exception):
    """The transfer failed in a way that a retry may heal."""


class NoSuchRange(BrokeOff):
    """The server has no byte at the offset: what is stored belongs to another file."""


@dataclass(frozen=True, slots=True)
class Remote:
    """What a server says of a file. None and empty: it says nothing."""

    url: str
    size: int | None
    sha256: str
    version: str  # an ETag: equal while the content is
    commit: str


class _Bearer(requests.auth.AuthBase):
    """The token as a header. As `auth`, so that no .netrc entry replaces it."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Hub:
    """A connection to the servers of datasets. Use as a context manager through `connected`."""

    def __init__(self, session: requests.Session, token: str | None) -> None:
        self._session, self._token = session, token

    def inspect(self, url: str) -> Remote:
        """What lies at `url`. DatasetError, one line, when it is refused, absent or cannot be reached."""
        asked = url
        for _ in range(_HOPS):
            try:
                answer = self._session.head(url, timeout=(CONNECT_S, READ_S), allow_redirects=False)
            except requests.RequestException as exc:
                raise self._unreachable(url, exc) from exc
            answer.close()
            place = answer.headers.get("Location", "")
            # A relative redirect is a renamed repository; any other leads to the storage and ends the search.
            if not (300 <= answer.status_code < 400) or urlsplit(place).netloc:
                break
            url = urljoin(url, place)
        self._refuse(answer, asked)
        version = answer.headers.get("X-Linked-ETag") or answer.headers.get("ETag", "")
        digest = version.strip('"')
        length = answer.headers.get("X-Linked-Size") or (
            answer.headers.get("Content-Length") if answer.status_code == 200 else None
        )
        return Remote(
            url=url,
            size=int(length) if length is not None and length.isdigit() else None,
            sha256=digest if _SHA256.fullmatch(digest) else "",
            version=version,
            commit=answer.headers.get("X-Repo-Commit", ""),
        )

    @contextmanager
    def read(self, remote: Remote, offset: int) -> Iterator[tuple[int, Iterator[bytes]]]:
        """The file's bytes as (where they begin, chunks): at `offset`, or at 0 if the server knows no ranges.

        BrokeOff when trying again may help, DatasetError when not.
        """
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        try:
            answer = self._session.get(remote.url, headers=headers, timeout=(CONNECT_S, READ_S), stream=True)
        except requests.RequestException as exc:
            raise BrokeOff(_cause(exc)) from exc
        with answer:
            if answer.status_code in _RETRIED:
                raise BrokeOff(f"the server answered {answer.status_code}")
            if answer.status_code == 416:
                raise NoSuchRange("the server has no byte at that place")
            self._refuse(answer, remote.url)
            if answer.headers.get("Content-Encoding", "identity") != "identity":
                raise DatasetError("the server compresses the file although it was asked not to", path=remote.url)
            yield _start(answer, offset), _chunks(answer)

    def _refuse(self, answer: requests.Response, url: str) -> None:
        status = answer.status_code
        if status < 400:
            return
        said = one_line(answer.headers.get("X-Error-Message", "") or answer.reason or "", 120)
        what = f"HTTP {status} {said}".rstrip()
        if status in (401, 403):
            remedy = (
                "HF_TOKEN was sent and is refused: check it, and accept the dataset's terms on its page"
                if self._token
                else "set HF_TOKEN to a token that may read it"
            )
        elif status == 404:
            remedy = "check --revision and HF_ENDPOINT"
        else:
            remedy = "try again later"
        raise DatasetError(what, path=url, remedy=remedy)

    @staticmethod
    def _unreachable(url: str, exc: requests.RequestException) -> DatasetError:
        return DatasetError(
            f"cannot be reached: {_cause(exc)}", path=url,
            remedy="check the network, HTTPS_PROXY and HF_ENDPOINT, or copy the files here and use --from-dir",
        )  # fmt: skip


@contextmanager
def connected(token: str | None) -> Iterator[Hub]:
    """A Hub whose connections are closed at the end. `token` may be None."""
    with requests.Session() as session:
        session.auth = _Bearer(token)
        # Sizes and ranges count the file's own bytes.
        session.headers.update({"User-Agent": f"farm/{__version__}", "Accept-Encoding": "identity"})
        yield Hub(session, token)


def _start(answer: requests.Response, offset: int) -> int:
    if answer.status_code != 206:
        return 0
    match = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    if match is None or int(match[1]) != offset:
        raise BrokeOff("the server sent another range than it was asked for")
    return offset


def _chunks(answer: requests.Response) -> Iterator[bytes]:
    try:
        yield from answer.iter_content(_CHUNK)
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as exc:
        raise BrokeOff(_cause(exc)) from exc


def _cause(exc: BaseException) -> str:
    """The innermost reason: requests wraps urllib3, which wraps the socket's error."""
    while True:
        inner = getattr(exc, "reason", None)
        if not isinstance(inner, BaseException):
            inner = next((arg for arg in exc.args if isinstance(arg, BaseException)), None)
        if inner is None:
            break
        exc = inner
    text = exc.strerror or str(exc) if isinstance(exc, OSError) else str(exc)
    # urllib3 puts the connection object in front of some messages.
    return one_line(re.sub(r"^<[^>]*>:? ?|^\w+\([^)]*\): ", "", text) or type(exc).__name__, 160)
