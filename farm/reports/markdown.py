"""Untrusted text in Markdown: no HTML, no markup, no link and no mention comes out of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from farm.text import one_line

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;", "#": "&#35;"}
_MARKUP = "\\`*_[]~|!"
_AUTOLINK = re.compile(r"(?i)://|www\.|mailto:|xmpp:")
_MENTION = re.compile(r"(?<![A-Za-z0-9])@")
_LINK = re.compile(r"https?://[A-Za-z0-9._~:/?#\[\]@!$&'*+,;=%-]+", re.ASCII)


def cell(text: str, limit: int = 500) -> str:
    """The text as it reads, on one line, safe inside a table cell or a paragraph."""
    escaped = "".join(_ENTITIES.get(c) or (f"\\{c}" if c in _MARKUP else c) for c in one_line(text, limit))
    unlinked = _AUTOLINK.sub(lambda mark: f"{mark[0][:-1]}&#{ord(mark[0][-1])};", escaped)
    return _MENTION.sub("@&#8203;", unlinked)  # an entity for the @ would still notify a user


def link(label: str, url: str) -> str:
    """`[label](url)` if the URL is plain http or https; otherwise the label alone."""
    if not _LINK.fullmatch(url):
        return cell(label)
    return f"[{cell(label)}]({url.replace('|', '%7C').replace('[', '%5B').replace(']', '%5D')})"


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, text: bool = False) -> str:
    """A table of cells that are Markdown already; all but the first column right-aligned unless `text`."""
    rule = [":---", *[":---" if text else "---:"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, rule, *rows))
