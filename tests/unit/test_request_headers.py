"""Headers that users add to requests."""

from __future__ import annotations

from farm.request_headers import merged


def test_a_header_is_sent_once_whatever_its_case() -> None:
    own = {"Accept-Encoding": "identity", "Authorization": "Bearer token"}
    assert merged(own, {"authorization": "Bearer other", "X-Team": "eval"}) == {
        "Accept-Encoding": "identity", "authorization": "Bearer other", "X-Team": "eval",
    }  # fmt: skip
    assert merged({"X-Team": "a"}, {"x-team": "b"}) == {"x-team": "b"}
