"""What a run's servers did."""

from __future__ import annotations

from farm.scoring.work import server_shares


def test_each_server_has_its_share() -> None:
    one, two = server_shares([("http://b", 30, 2.0), ("http://a", 10, 1.0), ("http://b", None, 4.0)], 10.0)
    assert (one.url, one.samples, one.completion_tokens, one.tokens_per_second, one.latency_s) == (
        "http://a", 1, 10, 1.0, 1.0,
    )  # fmt: skip
    assert (two.url, two.samples, two.completion_tokens, two.tokens_per_second, two.latency_s) == (
        "http://b", 2, 30, 3.0, 3.0,
    )  # fmt: skip


def test_without_a_time_there_is_no_rate() -> None:
    [share] = server_shares([("http://a", 10, None)], 0.0)
    assert share.tokens_per_second is None and share.latency_s is None
    assert server_shares([], 1.0) == ()
