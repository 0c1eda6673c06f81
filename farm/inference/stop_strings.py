"""Stop strings: how many a server is asked to obey, and the cut that holds whatever it does.

vLLM and OpenAI refuse more than four with HTTP 400; `transformers serve` leaves the stop string at the end of the
answer. So a server is asked for at most four, which saves it the tokens behind them, and the answer is cut here.
"""

from __future__ import annotations

from collections.abc import Sequence

SENT_MOST = 4


def requested(stops: Sequence[str]) -> list[str]:
    """Those that a request names: the first four."""
    return list(stops[:SENT_MOST])


def cut(text: str, stops: Sequence[str]) -> tuple[str, str | None]:
    """`text` up to the earliest stop string in it, and that string; all of it and None if it holds none.

    Of two that begin at one place the longer one is named: the cut is the same.
    """
    found = [(text.index(stop), -len(stop), stop) for stop in stops if stop and stop in text]
    if not found:
        return text, None
    place, _, stop = min(found)
    return text[:place], stop
