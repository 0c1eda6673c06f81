"""Why a connection to a model server failed, in words, and whether it is its TLS that cannot work."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from http.client import BadStatusLine

import requests

from farm.errors import TlsFailed
from farm.text import one_line

# How a server's complaint about a plain request begins, as it is or as Python shows it
_TLS_ALERT = ("\x15\x03", r"\x15\x03")
_PLAIN = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")


def causes(exc: BaseException) -> Iterator[BaseException]:
    """The error and what it wraps, outermost first: those of requests, urllib3, http.client and sockets."""
    inner: BaseException | None = exc
    for _ in range(10):
        if inner is None:
            return
        yield inner
        wrapped = getattr(inner, "reason", None)
        if not isinstance(wrapped, BaseException):
            wrapped = next((arg for arg in reversed(inner.args) if isinstance(arg, BaseException)), None)
        inner = wrapped or inner.__cause__ or inner.__context__


def reason(exc: BaseException) -> str:
    """The cause of a connection error in a few words: the innermost OSError's, without addresses of objects."""
    found = ""
    for inner in causes(exc):
        if isinstance(inner, OSError) and inner.strerror:
            found = inner.strerror
    if found:
        return found[0].lower() + found[1:]
    if isinstance(exc, requests.ConnectTimeout):
        return "no connection within the time for connecting"
    if "RemoteDisconnected" in str(exc):
        return "the server closed the connection without an answer"
    if "IncompleteRead" in str(exc):
        return "the connection ended in mid-answer"
    return one_line(re.sub(r"<[^>]*object at 0x[0-9a-f]+>:? ?", "", str(exc)), 200) or "the connection was lost"


def tls_fault(exc: BaseException, place: str) -> TlsFailed | None:
    """The error for a connection that failed by its TLS, or for want of it; None for another fault."""
    for inner in causes(exc):
        if isinstance(inner, ssl.SSLCertVerificationError):
            return _untrusted(inner, place)
        if isinstance(inner, ssl.SSLError) and any(word in str(inner).upper() for word in _PLAIN):
            return TlsFailed(f"{place} speaks plain HTTP, not TLS", remedy="write http:// in its URL")
        if isinstance(inner, BadStatusLine) and any(alert in str(inner) for alert in _TLS_ALERT):
            return TlsFailed(f"{place} speaks TLS, not plain HTTP", remedy="write https:// in its URL")
    return None


def _untrusted(exc: ssl.SSLCertVerificationError, place: str) -> TlsFailed:
    said = one_line(exc.verify_message or str(exc), 160)
    if "hostname mismatch" in said.lower() or "ip address mismatch" in said.lower():
        return TlsFailed(
            f"{place}: its certificate is for another host ({said})", remedy="write the name in its certificate"
        )
    if "expired" in said or "not yet valid" in said:
        return TlsFailed(
            f"{place}: its certificate is out of date ({said})", remedy="renew it, or set this host's clock"
        )
    return TlsFailed(
        f"{place}: no authority known here has signed its certificate ({said})",
        remedy="set FARM_SERVER_CA to the PEM file of that authority, here and on generate workers",
    )
