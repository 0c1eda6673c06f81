"""How a run is driven: what may differ from one start of a run to the next without touching its score."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from farm.records.base import Record
from farm.records.fields import Option


class DriveOptions(Record):
    """What the command line, a farm coordinator and the generate workers share. Times are seconds."""

    deadline_s: Annotated[
        float,
        Field(gt=0, le=86400),
        Option("--request-timeout", "Seconds for one completion, counted from when it gets a slot of the server."),
    ] = 1800.0
    stall_s: Annotated[
        float, Field(gt=0, le=86400), Option("--stall-timeout", "Seconds without a token after the first.")
    ] = 120.0
    first_token_s: Annotated[
        float,
        Field(gt=0, le=86400),
        Option("--first-token-timeout", "Seconds to the first token of a server that had no request of late."),
    ] = 600.0
    stream: Annotated[
        bool,
        Option("--stream/--no-stream", "Have answers streamed, or whole: a whole one shows no life until it is done."),
    ] = True
    model_list: Annotated[
        bool,
        Option("--model-list/--no-model-list", "Whether the server has /v1/models, where its model and limits stand."),
    ] = True
    servers: tuple[str, ...] = ()  # base URLs, where they are not those of the plan
