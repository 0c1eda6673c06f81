"""Names and digests: run ids, canonical JSON and SHA-256."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from datetime import UTC, datetime
from typing import Any

from farm.text import encode

RUN_ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{2,63}$"
DEFAULT_RUNTIME = "python"  # of programs: the worker's own interpreter
RUNTIME_PATTERN = r"^[a-z][a-z0-9.-]{0,30}$"
DIGEST_PATTERN = r"^[0-9a-f]{64}$"


def new_run_id(label: str, now: datetime | None = None) -> str:
    """A unique, sortable id: UTC time, a slug of `label`, six random hex digits."""
    moment = (now or datetime.now(UTC)).strftime("%Y%m%d-%H%M%S")
    slug = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")[:36].strip("-") or "run"
    return f"{moment}-{slug}-{secrets.token_hex(3)}"


def sha256_hex(data: bytes) -> str:
    """SHA-256 in lower-case hex, 64 characters."""
    return hashlib.sha256(data).hexdigest()


def check_run_id(text: str) -> str:
    """`text` itself if it can name a run (it becomes part of paths and Redis keys); ValueError if not."""
    if not re.match(RUN_ID_PATTERN, text) or text.endswith("\n"):
        raise ValueError(f"not a run id: {text!r} (want 3 to 64 letters, digits, _, . and -, a letter or digit first)")
    return text


def canonical_json(value: Any) -> bytes:
    """One byte string per JSON value: sorted keys, no spaces, ASCII only; NaN raises ValueError."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def text_digest(text: str) -> str:
    """SHA-256 of a text of any content."""
    return sha256_hex(encode(text))


def sample_seed(run_seed: int, problem_id: str, index: int) -> int:
    """The sampling seed of one sample: distinct per (problem, index), the same on every machine.

    In 0 .. 2**31 - 1, which every server accepts. The source of the rule: equal seeds for repeats
    make pass@k equal pass@1 on servers that honour them.
    """
    digest = hashlib.sha256(canonical_json([run_seed, problem_id, index])).digest()
    return int.from_bytes(digest[:4], "big") & 0x7FFFFFFF
