"""The bearer token of a model server, and the name of the variable it came from.

tt-inference-server compares the token byte for byte and never reads it as a JWT, so the derived one
must have exactly this claim order and spacing; any other valid JWT of the same secret is refused.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from farm.catalogue.engines import auth_style
from farm.config import Settings

_HEADER = b'{"alg":"HS256","typ":"JWT"}'
_CLAIMS = b'{"team_id":"tenstorrent","token_id":"debug-test"}'

# What the forge and media servers compare with when their API_KEY is not set: public, no secret.
_LITERAL_KEY_DEFAULT = "your-secret-key"


def tt_token(secret: str) -> str:
    """The token that tt-inference-server's vLLM server derives from its JWT_SECRET."""
    message = _base64url(_HEADER) + b"." + _base64url(_CLAIMS)
    signature = hmac.new(secret.encode(), message, hashlib.sha256).digest()
    return (message + b"." + _base64url(signature)).decode("ascii")


def bearer(settings: Settings, engine: str) -> tuple[str | None, str]:
    """The token for a server of `engine` (vLLM, forge, media, llama.cpp; any case), and its origin.

    The origin is the variable's name, or a few words where no variable gave it: fit to be shown,
    as the token is not. A token derived from JWT_SECRET goes to vLLM alone: forge and media compare
    a literal key, and their documented default is the last resort. (None, "") is no token at all.
    """
    style = auth_style(engine)
    for name in ("FARM_API_KEY", "VLLM_API_KEY", "JWT_SECRET", "API_KEY", "OPENAI_API_KEY"):
        value = settings.secret(name)
        if value is None:
            continue
        if name != "JWT_SECRET":
            return value, name
        if style == "jwt":
            return tt_token(value), name
    return (_LITERAL_KEY_DEFAULT, f"the default key of {engine} servers") if style == "literal" else (None, "")


def key_remedy(engine: str, origin: str) -> str:
    """What to do when a server of `engine` refuses the key that came from `origin` (empty: there was none)."""
    if auth_style(engine) == "literal":
        return f"set API_KEY to the key of the server: {engine} servers take no token from JWT_SECRET"
    if origin:
        return f"{origin} is not that of the server"
    if auth_style(engine) == "jwt":
        return "set JWT_SECRET, or VLLM_API_KEY, to that of the server"
    return "set FARM_API_KEY to the key of the server"


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
