"""What `farm submit` checks and says before it spends anything, against a real server, as one line and exit 2."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.inference.readiness import PROBE_TOKENS
from tests.support.embedded_home import Home, empty_home
from tests.support.model_server import ModelServer

MODEL = "Llama-3.2-3B-Instruct"
REPO = f"meta-llama/{MODEL}"
SECRET = "a-secret-of-this-test"
ASK = ("submit", "--model", MODEL, "--device", "n300", "--dataset", "sample")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with empty_home(tmp_path) as made:
        yield made


def refused(home: Home, *arguments: str, **env: str) -> str:
    """The one line of a command that ends with exit code 2."""
    process = home.farm(*arguments, **env)
    assert process.wait() == 2, process.stderr
    lines = [line for line in process.stderr.splitlines() if not line.startswith("caution:")]
    assert len(lines) == 1, process.stderr
    return lines[0]


def test_a_dry_run_prints_plan_request_and_time_and_sends_nothing(home: Home) -> None:
    with ModelServer(model=REPO, jwt_secret=SECRET) as server:
        run = home.farm(*ASK, "--limit", "3", "--n", "2", "--dry-run", "--server-url", server.url, JWT_SECRET=SECRET)
        text = run.ok().stdout
        assert server.paths == []
        assert server.token is not None and server.token not in text
    assert SECRET not in text + run.stderr
    for said in (
        f"model: {REPO} on n300 (vLLM, FUNCTIONAL)", "eval task: livecodebench, protocol tt@",
        f"servers: {server.url} (not asked); key: JWT_SECRET", "slots: 32 requests at a time on each; context: 131072",
        "dataset: sample, 3 problems", "samples: 2 a problem, 6 requests", "max_tokens 2048", "pass@1, pass@2",
        "POST /v1/chat/completions", "estimated time: 5 s to 19 s", "109 tokens/s", "often slower",
    ):  # fmt: skip
        assert said in text, said
    body = json.loads(text[text.index("\n{\n") : text.index("\n}\n") + 3])
    assert (body["model"], body["max_tokens"], body["stream"]) == (REPO, 2048, True)
    assert body["messages"][-1]["role"] == "user" and isinstance(body["seed"], int)
    assert "no runs yet" in home.farm("runs").ok().stdout


def test_options_that_exclude_each_other(home: Home) -> None:
    line = refused(home, *ASK, "--start-server", "--server-url", "http://127.0.0.1:1")
    assert "--start-server and --server-url exclude each other" in line


def test_model_device_and_eval_task_in_the_words_of_the_design_document(home: Home) -> None:
    for arguments, said in (
        (("--model", "QwQ-32B", "--device", "t3k"), "farm: Model:=QwQ-32B not found in EVAL_CONFIGS"),
        (("--model", "Qwen3-32B", "--device", "n150"), "farm: model:=Qwen3-32B does not support device:=n150"),
        (("--model", "gpt-oss-120b", "--device", "BH QuietBox 2"),
         "farm: gpt-oss-120b is known not to work on p300x2: The vLLM container never reaches a healthy state."),
    ):  # fmt: skip
        assert refused(home, "submit", *arguments, "--dataset", "sample").startswith(said)


def test_a_key_that_the_server_wants_is_named_by_engine(home: Home) -> None:
    with ModelServer(model=REPO, jwt_secret=SECRET) as server:
        url = ("--server-url", server.url)
        assert "set JWT_SECRET, or VLLM_API_KEY, to that of the server" in refused(home, *ASK, *url)
        wrong = refused(home, *ASK, *url, JWT_SECRET="another-secret")
        assert "HTTP 401" in wrong and "JWT_SECRET is not that of the server" in wrong and "another" not in wrong
    with ModelServer(model="tiiuae/Falcon3-7B-Instruct", token="the-key-of-forge") as server:
        asked = ("submit", "--model", "Falcon3-7B-Instruct", "--device", "p150", "--eval-task", "livecodebench")
        line = refused(home, *asked, "--dataset", "sample", "--server-url", server.url, JWT_SECRET=SECRET)
        assert "set API_KEY to the key of the server: forge servers take no token from JWT_SECRET" in line


def test_another_model_and_no_server(home: Home) -> None:
    with ModelServer(model="some/other-model") as server:
        line = refused(home, *ASK, "--server-url", server.url)
        assert f"serves some/other-model, not {REPO}" in line
        gone = server.url
    line = refused(home, *ASK, FARM_SERVER_URL=gone)
    assert f"{gone}" in line and "FARM_SERVER_URL" in line and "refused" in line.lower()


def test_a_server_that_answers_for_any_name_is_asked_only_if_that_is_wanted(home: Home) -> None:
    with ModelServer(model="some/other-model", check_model=False) as server:
        server.owned_by = "llamacpp"
        asked = (*ASK, "--server-url", server.url, "--limit", "1")
        assert f"serves some/other-model, not {REPO}" in refused(home, *asked)
        run = home.farm(*asked, "--any-model", "--run-id", "any", "--out", str(home.out("any"))).ok()
        assert f"some/other-model, not {REPO}" in run.stderr


def test_the_build_is_what_the_server_or_the_user_says_and_never_the_catalogue_s_image(home: Home) -> None:
    def build(run_id: str, *arguments: str) -> str:
        asked = (*ASK, "--server-url", server.url, "--limit", "2", "--max-tokens", "64")
        home.farm(*asked, "--run-id", run_id, "--out", str(home.out(run_id)), *arguments).ok()
        found = json.loads((home.out(run_id) / "report.json").read_text())["spec"]["build"]
        assert found["tt_metal_commit"] is None
        return f"{found['told_by']}: {found['name']}"

    with ModelServer(model=REPO) as server:
        assert build("silent") == ": "
        server.version = "0.10.1"
        assert build("said") == "server: 0.10.1"
        assert build("given", "--build", "nightly 7", "--label", "driver=2.1") == "user: nightly 7"
        assert "--label driver: a name and a value" in refused(home, *ASK, "--label", "driver")
    compared = home.farm("compare", "said", "given", "--json")
    assert compared.wait() == 0
    differences = {row["what"]: (row["a"], row["b"]) for row in json.loads(compared.stdout)["differences"]}
    assert differences["build"] == ("0.10.1", "nightly 7") and differences["labels"] == ("-", "driver=2.1")
    lines = json.loads(home.farm("trend", "--json").ok().stdout)
    assert [point["build"] for point in lines[0]["points"]] == ["unknown build", "0.10.1", "nightly 7 (driver=2.1)"]


def test_a_context_that_is_too_small_is_said_and_answers_are_cut_to_it(home: Home) -> None:
    with ModelServer(model=REPO, max_context=1024) as server:
        url = ("--server-url", server.url)
        run = home.farm(*ASK, *url, "--limit", "2", "--run-id", "small", "--out", str(home.out("small"))).ok()
        assert "caution: the server's context is 1024, not 131072" in run.stderr
        assert "caution: context of 1024 tokens: max_tokens 2048 is lowered for 2 problems" in run.stderr
        sent = [body["max_tokens"] for body in server.bodies if body["max_tokens"] != PROBE_TOKENS]
        assert len(sent) == 2 and max(sent) < 1024
        server.max_context = 40
        asked = server.requests
        assert "no prompt leaves room in the context of 40 tokens" in refused(home, *ASK, *url)
        assert server.requests == asked + 1  # the probe of readiness
