"""HTML from strings that anybody may have written: the one place that escapes them."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from farm.reports.section import Section
from farm.text import one_line, printable


def text(value: object, limit: int = 500) -> str:
    """One line of text for an element's content or a quoted attribute; controls and bidi marks show as escapes."""
    return html.escape(one_line(str(value), limit))


def block(value: str, limit: int) -> str:
    """The same with its line breaks, for a `pre`."""
    return html.escape(printable(value, limit))


def tag(name: str, content: str = "", **attributes: object) -> str:
    """An element around content that is HTML already. Attributes are escaped like text; `_` in their names is `-`."""
    shown = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(printable(str(value), 10_000))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{shown}>{content}</{name}>"


def table(section: Section, *, link: dict[str, str] | None = None) -> str:
    """A section as a table under its title. `link`: addresses by the text of a first cell."""
    kind = "text" if section.text else "numbers"
    head = "".join(tag("th", text(name), scope="col") for name in section.header)
    rows = []
    for row in section.rows:
        first = text(row[0])
        if link and row[0] in link:
            first = tag("a", first, href=link[row[0]])
        cells = [tag("th", first, scope="row"), *(tag("td", text(cell)) for cell in row[1:])]
        rows.append(tag("tr", "".join(cells)))
    body = tag("table", tag("thead", tag("tr", head)) + tag("tbody", "".join(rows)), class_=kind)
    notes = "".join(tag("p", text(note, 4000), class_="note") for note in section.notes)
    return tag("section", tag("h2", text(section.title)) + tag("div", body, class_="scroll", tabindex=0) + notes)


def paragraphs(lines: Iterable[str], class_: str) -> str:
    """Each line as a list item; nothing for no lines."""
    items: Sequence[str] = [tag("li", text(line, 2000)) for line in lines]
    return tag("ul", "".join(items), class_=class_) if items else ""
