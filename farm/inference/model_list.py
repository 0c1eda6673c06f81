"""What a server's `/v1/models` says of the model that is wanted: its name there, what it is made from, its context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from farm.catalogue.engines import LLAMACPP

Row = dict[str, Any]

# How servers call the tokens that a request may have: vLLM and SGLang, then gateways
_CONTEXT = ("max_model_len", "context_length", "context_window", "max_context_length")
_ENGINES = {"vllm": "vLLM", "llamacpp": LLAMACPP, "sglang": "SGLang"}  # by `owned_by`


@dataclass(frozen=True)
class Listed:
    """A model of the list. `base`: the model that an adapter belongs to, or that has this alias; empty: none is said.

    `as_expected` is False where the server has a model of another name and answers all the same.
    """

    name: str  # as requests name it
    as_expected: bool
    base: str
    max_context: int | None
    engine: str | None


def names_in(rows: Sequence[Row]) -> tuple[str, ...]:
    """All names that the list has, llama.cpp's aliases among them."""
    return tuple(dict.fromkeys(name for row in rows for name in _names(row)))


def find(rows: Sequence[Row], expected: str) -> Listed | None:
    """The row of `expected`; one that has it as its `root`, under another name; the only one of llama.cpp's.

    None where the list has no such model, or several under other names.
    """
    for row in rows:
        if expected in _names(row):
            return _listed(rows, row, name=expected)
    aliases = [row for row in rows if row.get("root") == expected and not row.get("parent")]
    if len(aliases) == 1:
        return _listed(rows, aliases[0], name=aliases[0]["id"])
    if len(rows) == 1 and rows[0].get("owned_by") == "llamacpp":
        # It has one model and takes any name for it; the caller says so
        return _listed(rows, rows[0], name=expected, as_expected=False)
    return None


def _names(row: Row) -> list[str]:
    aliases = row.get("aliases")
    return [row["id"], *(a for a in (aliases if isinstance(aliases, list) else []) if isinstance(a, str))]


def _listed(rows: Sequence[Row], row: Row, *, name: str, as_expected: bool = True) -> Listed:
    parent = next((other for other in rows if other["id"] == row.get("parent")), row)  # an adapter's limits are its own
    context = _max_context(row)
    return Listed(
        name=name,
        as_expected=as_expected,
        base=_base(row, name),
        max_context=_max_context(parent) if context is None else context,
        engine=_ENGINES.get(str(row.get("owned_by")).lower()),
    )


def _base(row: Row, name: str) -> str:
    for field in ("parent", "root"):
        value = row.get(field)
        if isinstance(value, str) and value and value != name:
            return value
    return "" if row["id"] == name else str(row["id"])  # an alias of llama.cpp's


def _max_context(row: Row) -> int | None:
    """Tokens of one request; llama.cpp has those of one slot in `meta.n_ctx`."""
    meta = row.get("meta")
    values = [row.get(field) for field in _CONTEXT]
    for value in (*values, meta.get("n_ctx") if isinstance(meta, dict) else None):
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
    return None
