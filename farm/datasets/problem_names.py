"""Which problem of a run an answer is for: ids as tools write them, or a place, or the text that was asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from farm.datasets.completions import CompletionRow
from farm.errors import DatasetError
from farm.text import one_line


class ProblemNames:
    """The problems of a run: `ids` with their `statements` in order; `left_out`, those of the dataset that are none.

    An id may be in other case (`Mbpp/2`) or without its prefix (`2`), as long as one problem alone is meant.
    """

    def __init__(self, ids: Sequence[str], statements: Sequence[str], left_out: Iterable[str]) -> None:
        self._ids, self._statements = ids, statements
        self._planned, self._left_out = set(ids), set(left_out)
        self._near: dict[str, str | None] = {}
        for problem_id in (*ids, *self._left_out):
            for form in {problem_id.casefold(), problem_id.rpartition("/")[2].casefold()}:
                self._near[form] = problem_id if form not in self._near else None
        self._asked: dict[str, str] = {}

    def find(self, row: CompletionRow, path: Path) -> str | None:
        """The run's problem; None for one that is left out. DatasetError for one that the dataset does not have."""
        if not row.question_id:
            return self._without_id(row, path)
        name = row.question_id
        if name not in self._planned and name not in self._left_out:
            name = self._near.get(name.casefold()) or name
        if name in self._planned:
            return name
        if name in self._left_out:
            return None
        raise DatasetError(
            f"problem {one_line(repr(row.question_id))} is not in the dataset", path=str(path), row=row.row,
            remedy=f"its ids are written like {self._ids[0]!r}",
        )  # fmt: skip

    def _without_id(self, row: CompletionRow, path: Path) -> str | None:
        if row.place is not None:
            if row.place < len(self._ids):
                return self._ids[row.place]
            raise DatasetError(
                f"the file has answers to more problems than the {len(self._ids)} of this run", path=str(path),
                row=row.row, remedy="it names none of them, so give the dataset that was asked, whole and in its order",
            )  # fmt: skip
        found = self._asked.get(row.asked) or self._stated_in(row.asked)
        if found is None and not self._left_out:
            raise DatasetError(
                "the prompt holds the statement of no problem of the dataset", path=str(path), row=row.row,
                remedy="give the dataset that was asked",
            )  # fmt: skip
        if found is not None:
            self._asked[row.asked] = found
        return found

    def _stated_in(self, asked: str) -> str | None:
        """The problem whose statement is in the text; of several the one with the longest."""
        pairs = zip(self._ids, map(str.strip, self._statements), strict=True)
        held = [(len(stated), name) for name, stated in pairs if stated and stated in asked]
        return max(held)[1] if held else None
