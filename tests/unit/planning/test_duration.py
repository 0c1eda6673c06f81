"""How long a run will take, by hand."""

from __future__ import annotations

import pytest

from farm.catalogue.catalogue import load
from farm.planning.duration import estimate, spoken


def test_a_full_server_by_hand() -> None:
    """Llama-3.2-3B on n300: 20 ms for 128 tokens, 109 tokens/s, 32 slots; 64 requests are two turns."""
    spec = load().spec("Llama-3.2-3B-Instruct", "n300")
    found = estimate(spec, requests=64, servers=1, prompt_tokens=256, max_tokens=2048)
    assert found is not None
    assert found.high_s == pytest.approx(2 * (0.040 + 2048 / 109))
    assert found.low_s == pytest.approx(2 * (0.040 + 512 / 109))
    for said in ("32 requests at a time", "109 tokens/s", "512 to 2048 tokens", "often slower"):
        assert said in found.assumes
    two = estimate(spec, requests=64, servers=2, prompt_tokens=256, max_tokens=2048)
    few = estimate(spec, requests=3, servers=1, prompt_tokens=256, max_tokens=2048)
    assert two is not None and few is not None
    assert two.high_s == few.high_s == pytest.approx(found.high_s / 2)  # one turn takes what it takes


def test_no_speed_no_estimate() -> None:
    spec = load().spec("SmolLM2-135M-Instruct", "cpu")
    assert estimate(spec, requests=64, servers=1, prompt_tokens=256, max_tokens=2048) is None


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.2, "1 s"), (89, "89 s"), (90, "2 min"), (5000, "83 min"), (36000, "10.0 h")]
)
def test_durations(seconds: float, said: str) -> None:
    assert spoken(seconds) == said
