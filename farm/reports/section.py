"""A titled table of plain strings, and how numbers become such strings.

Cells may hold anything a user, a server or a dataset put there. Each renderer escapes them in its own
way; nothing here is safe to print.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Section:
    """A table of numbers (all but the first column right-aligned) or `text`. `notes` follow, a line each."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    text: bool = False


def percent(share: float | None) -> str:
    """A share of one in percent with two decimals; "-" for none."""
    return "-" if share is None else f"{share * 100:.2f} %"


def p_shown(p_value: float | None) -> str:
    """A p value; what three decimals would show as zero is said to be below."""
    if p_value is None:
        return "-"
    return "< 0.001" if p_value < 0.001 else f"{p_value:.3f}"
