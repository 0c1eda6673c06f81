"""How the servers of each inference engine check a caller.

vLLM's server takes VLLM_API_KEY, or the token that it derives from JWT_SECRET; forge and media servers
compare a literal key, so that a derived token is refused there; others know plain keys alone.
"""

from __future__ import annotations

from typing import Literal

LLAMACPP = "llama.cpp"  # the engine of device `cpu`
UNKNOWN = "unknown"  # of a server that is in no catalogue and does not say

AuthStyle = Literal["jwt", "literal", "key"]

# Of tt-inference-server's engines; a server of another kind (llama.cpp) takes a key or none
_STYLES: dict[str, AuthStyle] = {"vllm": "jwt", "forge": "literal", "media": "literal", UNKNOWN: "jwt"}

IN_WORDS: dict[AuthStyle, str] = {
    "jwt": "VLLM_API_KEY, else a token from JWT_SECRET",
    "literal": "API_KEY as it is, never a token from JWT_SECRET",
    "key": "an API key, or none",
}


def auth_style(engine: str) -> AuthStyle:
    """How a server of `engine` (any case) checks its callers."""
    return _STYLES.get(engine.lower(), "key")
