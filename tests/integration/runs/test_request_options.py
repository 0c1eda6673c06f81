"""Runs against servers that refuse, need or name things in their own way: the options for them, from end to end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.answers import solved
from tests.support.embedded_home import Home, empty_home
from tests.support.model_server import ModelServer

MODEL = "Llama-3.2-3B-Instruct"
REPO = f"meta-llama/{MODEL}"
PROBLEMS = ("farm_add", "farm_double")
ASK = ("submit", "--dataset", "sample", "--ids", ",".join(PROBLEMS))
SECRET = "s3cr3t-of-the-gateway"

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with empty_home(tmp_path) as made:
        yield made


def test_a_server_that_refuses_fields_is_asked_without_them_and_the_report_says_so(home: Home) -> None:
    refused = ("seed", "stream_options", "stop")
    ask = (*ASK, "--model", MODEL, "--device", "n300", "--protocol", "official")
    with ModelServer(answer=solved, model=REPO, refuses=refused, headers={"X-Gateway": SECRET}) as server:
        url = ("--server-url", server.url, "--header", f"X-Gateway={SECRET}")
        first = home.farm(*ask, *url)
        assert first.wait() == 2
        assert "Unrecognized request argument supplied: seed" in first.stderr
        options = [word for field in refused for word in ("--omit", field)]
        done = home.farm(
            *ask, *url, *options, "--no-stream", "--min-p", "0.05", "--presence-penalty", "1.5", "--reasoning-effort",
            "low", "--chat-template-kwarg", "enable_thinking=true", "--extra-body", '{"thinking_token_budget": 64}',
            "--run-id", "omitted", "--out", str(home.out("omitted")),
        ).ok()  # fmt: skip
        body = server.bodies[-1]
    assert body.keys().isdisjoint(refused) and body["stream"] is False
    assert (body["min_p"], body["presence_penalty"], body["reasoning_effort"]) == (0.05, 1.5, "low")
    assert body["chat_template_kwargs"]["enable_thinking"] is True and body["thinking_token_budget"] == 64
    report = home.report("omitted")
    assert (report["status"], report["pass_at_k"][0]["exact"]) == ("COMPLETE", "1")
    text = (home.out("omitted") / "report.md").read_text()
    for said in ("seed none is sent", "omit ['seed', 'stream_options', 'stop']", "reasoning_effort low",
                 '{"enable_thinking": true}', "thinking_token_budget"):  # fmt: skip
        assert said in text.replace("seeds | none", "seed none").replace("\\", ""), said
    assert "caution: no seed is sent" in done.stderr
    texts = [path.read_bytes() for path in home.path.rglob("*") if path.is_file()]
    assert texts and not any(SECRET.encode() in content for content in texts)


def test_an_adapter_that_no_catalogue_has_is_measured_by_its_name_and_reported_with_its_base(home: Home) -> None:
    rows: list[dict[str, Any]] = [
        {"id": "org/base-7b", "root": "org/base-7b", "max_model_len": 4096, "owned_by": "vllm"},
        {"id": "acme-ft", "root": "/adapters/acme", "parent": "org/base-7b", "owned_by": "vllm"},
    ]
    with ModelServer(answer=solved, model="org/base-7b", rows=rows) as server:
        run = ("--server-url", server.url, "--run-id", "adapter", "--out", str(home.out("adapter")))
        done = home.farm(*ASK, "--model", "acme-ft", *run).ok()
        assert {body["model"] for body in server.bodies} == {"acme-ft"}
    assert "context 4096 (its server says)" in done.stderr
    report = home.report("adapter")
    assert (report["status"], report["pass_at_k"][0]["exact"]) == ("COMPLETE", "1")
    served = report["spec"]["model"]
    assert (served["repo"], served["base"], served["max_context"]) == ("acme-ft", "org/base-7b", 4096)
    assert "acme-ft (acme-ft, made from org/base-7b)" in (home.out("adapter") / "report.md").read_text()


def test_another_path_no_list_and_another_name(home: Home) -> None:
    with ModelServer(answer=solved, model="prod-7", api="/api/v3", rows=[], health=False) as server:
        done = home.farm(
            *ASK, "--model", MODEL, "--device", "n300", "--server-url", f"{server.url}/api/v3/chat/completions",
            "--no-model-list", "--served-model-name", "prod-7", "--run-id", "named", "--out", str(home.out("named")),
        ).ok()  # fmt: skip
        assert {body["model"] for body in server.bodies} == {"prod-7"}
        assert "/api/v3/chat/completions" in server.paths and not any("models" in path for path in server.paths)
    report = home.report("named")
    assert (report["status"], report["pass_at_k"][0]["exact"]) == ("COMPLETE", "1")
    assert f"{REPO}, served as prod-7" in (home.out("named") / "report.md").read_text(), done.stderr
