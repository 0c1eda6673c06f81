"""Runs of models that think: what is said before, refused, recorded of each sample, and shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.answers import solved
from tests.support.embedded_home import Home, empty_home
from tests.support.farm_process import samples_of
from tests.support.model_server import ModelServer

REPO = "Qwen/Qwen3-32B"
ASK = ("submit", "--dataset", "sample", "--ids", "farm_add,farm_double", "--protocol", "reason")
GALAXY = ("--model", "Qwen3-32B", "--device", "galaxy", "--eval-task", "livecodebench")

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with empty_home(tmp_path) as made:
        yield made


def test_a_server_that_starts_without_thinking_is_asked_to_think(home: Home) -> None:
    """Qwen3-32B on the galaxies of release 0.25.0."""
    with ModelServer(answer=solved, model=REPO, thinking="reasoning", thinks_by_default=False) as server:
        ask = (*ASK, *GALAXY, "--server-url", server.url)
        refused = home.farm(*ask)
        assert refused.wait() == 2 and server.paths == []
        assert "Qwen3-32B on galaxy starts with enable_thinking: false" in refused.stderr
        run = home.farm(
            *ask,
            "--chat-template-kwarg",
            "enable_thinking=true",
            "--run-id",
            "thinks",
            "--out",
            str(home.out("thinks")),
        ).ok()
        assert all(body["chat_template_kwargs"]["enable_thinking"] is True for body in server.bodies)
    assert "thinking: requests turn it on (its reasoning parser: qwen3); the server's first answer reasons, in " in (
        run.stderr
    )
    report = home.report("thinks")
    assert (report["status"], report["pass_at_k"][0]["exact"]) == ("COMPLETE", "1")
    text = (home.out("thinks") / "report.md").read_text()
    assert "2 of 2 answers: 2 in reasoning; about" in text
    assert [row["reasoned_in"] for row in samples_of(home.out("thinks"))] == ["reasoning", "reasoning"]
    assert all(row["reasoning_tokens"] > 0 for row in samples_of(home.out("thinks")))
    assert "reasoned in reasoning, about" in home.farm("inspect", "thinks", "farm_add").ok().stdout


def test_a_model_that_does_not_think_where_it_should_is_a_caution_before_and_after(home: Home) -> None:
    with ModelServer(answer=solved, model="org/quiet") as server:
        run = home.farm(
            *ASK, "--model", "org/quiet", "--server-url", server.url, "--run-id", "quiet", "--out",
            str(home.out("quiet")),
        ).ok()  # fmt: skip
    assert "caution: protocol reason@2 measures answers with reasoning, and the server's first answer shows" in (
        run.stderr
    )
    text = (home.out("quiet") / "report.md").read_text()
    assert "measures answers with reasoning, and none of 2 show any" in text.replace("\\", "")
