"""What a protocol is: everything of a benchmark that decides a score besides the model and the problems.

Prompt, sampling, extraction and judge are one named and versioned record, because a score means nothing
without all four: the same model on the same problems went from 7.11 to 13.93 percent when prompt,
device and sampling changed (tenstorrent/tt-inference-server#311).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from farm.records.base import Record
from farm.records.judging import JudgeSpec
from farm.records.sampling import Sampling

OWN_CODE = "{prompt}"  # in `Extraction.before`: the problem's own code

Mark = Annotated[str, StringConstraints(min_length=1)]


class Extraction(Record):
    """How the program is found in an answer. The steps are taken in the order of the fields.

    A fence line is a line with three backticks anywhere; lines end at `\\n` alone.
    """

    # none: the whole answer. first, last: between the first two, or the last two, fence lines. last_complete: the last
    # block that is closed, blocks being told apart by their opening lines. open: the prompt has opened the fence.
    fence: Literal["none", "first", "last", "last_complete", "open"] = "none"
    unfenced_signs: tuple[Mark, ...] = ()  # without two fence lines: the stripped answer, if it holds one of these
    stop: tuple[Mark, ...] = ()  # the program ends before the first of these
    before: str = ""  # put in front of the program; `{prompt}` is the problem's own code
    after: str = ""  # put behind the program
    function: str = ""  # in place of all steps: one of the benchmark's `extractors`, by its name

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.function and self != Extraction.model_construct(function=self.function):
            raise ValueError("an extraction by a function has no other step")
        if self.unfenced_signs and self.fence not in ("first", "last", "last_complete"):
            raise ValueError("unfenced_signs are for answers without a pair of fence lines")
        return self


class Shot(Record):
    """A worked example before the question: what the user says, and what the assistant answered."""

    user: str
    assistant: str


class Protocol(Record):
    """A frozen protocol. A change of any field is a new version."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]
    version: Annotated[int, Field(ge=1)]
    system: str | None = None
    shots: tuple[Shot, ...] = ()  # as written, nothing is replaced in them
    template: str  # of the user message; {question}, {format}, {code}, {tests} and {ask} are replaced
    answer_prefix: str = ""  # template of the beginning of the answer, which the model continues
    formats: tuple[str, str] = ("", "")  # {format} with a starter code and without one
    code_placeholder: str = ""  # {code} where there is no starter code
    extraction: Extraction
    continues: bool = False  # the problem's own code is needed to make a program of an answer
    thinking: tuple[tuple[str, str], ...] = ()  # marks around what is removed before extraction
    sampling: Sampling
    judge: JudgeSpec

    @model_validator(mode="after")
    def _own_code_is_there(self) -> Self:
        if OWN_CODE in self.extraction.before and not self.continues:
            raise ValueError(f"extraction.before has {OWN_CODE}, so `continues` must be set")
        return self

    @property
    def ident(self) -> str:
        """Name and version, such as `tt@1`."""
        return f"{self.name}@{self.version}"

    def digest(self) -> str:
        """SHA-256 over all fields; stored with every run."""
        return self.record_digest()
