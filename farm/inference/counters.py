"""The counters by which a model server shows that it works, out of its Prometheus text.

A server that was asked not to stream says nothing until an answer is complete; its counters move all
the same. Names of vLLM and llama.cpp; what a server does not have proves nothing.
"""

from __future__ import annotations

import re

# vLLM joins the name with a colon; llama.cpp too
_WORK = re.compile(
    r"^(?:vllm:(?:generation|prompt)_tokens|vllm:num_preemptions|llamacpp:(?:tokens_predicted|prompt_tokens))(?:_total)?"
    r"(?:\{[^}\n]*\})?\s+([0-9.eE+]+)\s*$",
    re.MULTILINE,
)


def work_done(text: str) -> float | None:
    """The sum of the counters of tokens; None if there are none. It grows as long as the server works."""
    found = [float(value) for value in _WORK.findall(text)]
    return sum(found) if found else None
