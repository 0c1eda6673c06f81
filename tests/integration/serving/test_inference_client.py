"""The client against a scripted server over real HTTP: the S experiments as far as they are the client's.

Only good answers may come back as answers; each fault has the error that says who is to blame.
"""

from __future__ import annotations

import concurrent.futures
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
import requests

from farm.errors import (
    AnswerWithheld,
    AuthRejected,
    BadResponse,
    ConnectionLost,
    Forbidden,
    InferenceError,
    ModelNotFound,
    PromptTooLong,
    RateLimited,
    RequestRejected,
    RequestTimeout,
    ServerBusy,
    ServerError,
    Stalled,
)
from farm.inference import prompt_budget
from farm.inference.auth import tt_token
from farm.inference.client import Client, GenerateRequest
from farm.inference.readiness import check, wait_ready
from farm.inference.retry import retrying
from farm.records import Message
from farm.text import decode, encode
from tests.support.data import ROOT
from tests.support.model_server import Fault, Kind, Link, ModelServer, fixed_answers
from tests.support.wait import wait_until

TOKEN = "s3cr3t-token"
ASK = GenerateRequest(
    model="test/model",
    messages=(Message(role="user", content="add two numbers"),),
    max_tokens=100,
    seed=1,
    deadline_s=60,
    stall_s=60,
    first_token_s=60,
)
TEXT = GenerateRequest(model="test/model", prompt="def add(", max_tokens=100, deadline_s=60)
STREAMING = pytest.mark.parametrize("streaming", ["yes", "ignored"])


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer(token=TOKEN) as running:
        yield running


@pytest.fixture
def client(server: ModelServer) -> Iterator[Client]:
    with Client(server.url, token=TOKEN, token_origin="VLLM_API_KEY", url_origin="FARM_SERVER_URL") as made:
        yield made


@pytest.fixture
def refusing() -> Iterator[int]:
    """A port that refuses connections and stays so: bound, but not listened on. A server with
    SO_REUSEADDR may take it over, no other process gets it by chance."""
    with socket.socket() as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(("127.0.0.1", 0))
        yield int(bound.getsockname()[1])


def saying(text: str) -> Any:
    return lambda prompt, seed: text


# --- good answers -------------------------------------------------------------------------------


def test_a_streamed_answer_with_all_that_is_known_of_it(server: ModelServer, client: Client) -> None:
    server.answer = saying("hello world!")
    got = client.generate(ASK)
    assert (got.text, got.reasoning, got.finish_reason, got.model) == ("hello world!", None, "stop", "test/model")
    assert (got.usage.prompt_tokens, got.usage.completion_tokens) == (4, 3)
    assert got.requests == 1
    assert got.ttft_s is not None and 0 < got.ttft_s <= got.latency_s
    assert server.bodies == [ASK.body(stream=True)]


def test_completions_for_a_base_model(server: ModelServer, client: Client) -> None:
    server.answer = saying("a, b):")
    got = client.generate(TEXT)
    assert (got.text, got.finish_reason, got.usage.completion_tokens) == ("a, b):", "stop", 2)
    assert server.paths == ["/v1/completions"]


@pytest.mark.parametrize("request_", [ASK, TEXT], ids=["chat", "completions"])
def test_a_server_that_refuses_streaming_is_asked_without_and_remembered(
    server: ModelServer, client: Client, request_: GenerateRequest
) -> None:
    server.streaming, server.answer = "refused", saying("ok")
    first, second = client.generate(request_), client.generate(request_)
    assert (first.text, first.requests, first.ttft_s) == ("ok", 2, None)
    assert (second.text, second.requests) == ("ok", 1)
    assert [body["stream"] for body in server.bodies] == [True, False, False]


def test_equal_seeds_equal_answers(client: Client) -> None:
    texts = [client.generate(replace(ASK, seed=seed)).text for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


def test_a_truncated_answer_says_so(server: ModelServer, client: Client) -> None:  # S8
    got = client.generate(replace(ASK, max_tokens=2))
    assert (got.finish_reason, got.usage.completion_tokens) == ("length", 2)


def test_stop_strings_are_sent(server: ModelServer, client: Client) -> None:
    server.answer = saying("code###talk")
    assert client.generate(replace(ASK, parameters={"stop": ["###"]})).text == "code"


def test_threads_share_a_client_and_connections_are_kept(server: ModelServer, client: Client) -> None:
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        got = list(pool.map(lambda seed: client.generate(replace(ASK, seed=seed)), range(40)))
    assert len(got) == 40
    assert server.stats()["answered"] == 40
    assert server.connections <= 4


def test_slots_bound_what_runs_not_what_waits() -> None:
    with ModelServer(slots=2, decode_s=0.001) as server, Client(server.url) as client:
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda seed: client.generate(replace(ASK, seed=seed)), range(24)))
        assert server.max_running <= 2 < server.max_in_flight <= 8


@pytest.mark.parametrize("link", get_args(Link))
def test_links_that_decorate_a_good_answer(server: ModelServer, client: Client, link: Link) -> None:
    server.links, server.answer = (link,), saying("hello world!")
    for request in (ASK, TEXT):
        got = client.generate(request)
        assert (got.text, got.usage.completion_tokens) == ("hello world!", 3)
        assert got.finish_reason == (None if link == "no_reason" else "stop")
    assert server.requests == 2, "asked once each"


@STREAMING
@pytest.mark.parametrize("stops", ["obeyed", "left in", "ignored"])
def test_farm_cuts_at_the_earliest_stop_string_whatever_the_server_does(
    server: ModelServer, client: Client, streaming: Any, stops: Any
) -> None:
    server.streaming, server.stops, server.stops_most = streaming, stops, 4
    server.answer = saying("code\nif x:\ndef y")
    ask = replace(ASK, stop=("\nclass", "\ndef", "\n#", "\nprint", "\nif"))
    got = client.generate(ask)
    assert (got.text, got.finish_reason, got.cut_at) == ("code", "stop", "\nif")
    assert server.bodies[0]["stop"] == ["\nclass", "\ndef", "\n#", "\nprint"]
    server.answer = saying("code\ndef y")
    got = client.generate(ask)
    assert (got.text, got.cut_at) == ("code", None if stops == "obeyed" else "\ndef")


# --- S1, S2, S15: refusals ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RequestRejected), (403, Forbidden), (404, ModelNotFound), (408, ServerError), (422, RequestRejected),
        (429, RateLimited), (500, ServerError), (502, ServerBusy), (503, ServerBusy),
    ],
)  # fmt: skip
def test_status(server: ModelServer, client: Client, status: int, kind: type[InferenceError]) -> None:
    server.faults = [Fault(status=status)]
    with pytest.raises(kind) as caught:
        client.generate(ASK)
    assert type(caught.value) is kind


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_burst_heals(server: ModelServer, client: Client, status: int) -> None:
    server.faults = [Fault(status=status)] * 3
    done = retrying(lambda: client.generate(ASK), stop=threading.Event(), base_s=0.001, healthy=client.healthy)
    assert done.calls == 4
    assert server.requests == 4


@pytest.mark.parametrize(
    ("value", "seconds"), [("3", 3.0), ("1000000000", 3600.0), ("-5", 0.0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0)]
)
def test_retry_after(server: ModelServer, client: Client, value: str, seconds: float) -> None:
    server.faults = [Fault(status=429, headers={"Retry-After": value})]
    with pytest.raises(RateLimited) as caught:
        client.generate(ASK)
    assert caught.value.retry_after_s == seconds


def test_a_prompt_over_the_context(server: ModelServer, client: Client) -> None:
    server.max_context = 50
    with pytest.raises(PromptTooLong):
        client.generate(ASK)


def test_a_wrong_model_name(client: Client) -> None:
    with pytest.raises(ModelNotFound, match=r"`no/such` does not exist.*check the server URL"):
        client.generate(replace(ASK, model="no/such"))


# --- S3, S4, S5: connections --------------------------------------------------------------------


def test_nobody_listens(refusing: int) -> None:
    url = f"http://127.0.0.1:{refusing}"
    with (
        Client(url, url_origin="FARM_SERVER_URL") as client,
        pytest.raises(ConnectionLost, match=rf"{url} \(from FARM_SERVER_URL\): connection refused"),
    ):
        client.generate(ASK)


def test_a_server_that_comes_back_spends_no_try(refusing: int) -> None:
    told: list[str] = []
    with Client(f"http://127.0.0.1:{refusing}") as client:
        restarted: list[ModelServer] = []

        def note(error: Exception, delay: float) -> None:
            told.append(type(error).__name__)
            if len(told) == 6:
                restarted.append(ModelServer(port=refusing).__enter__())

        try:
            done = retrying(
                lambda: client.generate(ASK), attempts=2, stop=threading.Event(), base_s=0.001, cap_s=0.01,
                healthy=client.healthy, on_retry=note,
            )  # fmt: skip
        finally:
            for server in restarted:
                server.__exit__()
    assert done.calls == 2
    assert told == ["ConnectionLost"] * 6


def test_a_name_that_does_not_resolve() -> None:
    with (
        Client("http://no-such-host.invalid:8000") as client,
        pytest.raises(ConnectionLost, match=r"no-such-host\.invalid"),
    ):
        client.generate(ASK)


@STREAMING
@pytest.mark.parametrize("kind", ["rst", "rst_body", "cut"])
def test_a_connection_that_breaks(server: ModelServer, client: Client, streaming: Any, kind: Kind) -> None:
    server.streaming, server.faults = streaming, [Fault(kind)]
    with pytest.raises(ConnectionLost, match=r"connection reset by peer|the connection ended in mid-answer"):
        client.generate(ASK)


def test_a_kept_connection_that_was_closed_meanwhile_is_no_failure(server: ModelServer, client: Client) -> None:
    client.generate(ASK)
    server.faults = [None, Fault("rst")]  # on the connection of the first request, before a word of an answer
    got = client.generate(ASK)
    assert (got.requests, server.requests, server.connections) == (2, 3, 2)


# --- S6: time -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["hang", "slow_headers", "pings", "hang_body"])
def test_the_total_deadline_ends_whatever_the_server_does(server: ModelServer, client: Client, kind: Kind) -> None:
    server.faults = [Fault(kind)]
    with pytest.raises(RequestTimeout, match="deadline"):
        client.generate(replace(ASK, deadline_s=0.2))


@pytest.mark.parametrize("kind", ["hang", "slow_headers", "pings"])
def test_no_first_token_is_a_stall(server: ModelServer, client: Client, kind: Kind) -> None:
    server.faults = [Fault(kind)]
    with pytest.raises(Stalled, match="sent nothing for too long"):
        client.generate(replace(ASK, first_token_s=0.2))


def test_silence_in_mid_answer_is_a_stall(server: ModelServer, client: Client) -> None:
    server.faults = [Fault("hang_body")]
    with pytest.raises(Stalled, match="sent nothing for too long"):
        client.generate(replace(ASK, stall_s=0.2))


def test_a_slow_first_token_is_no_stall(server: ModelServer, client: Client) -> None:
    server.prefill_s = 1.2
    assert client.generate(replace(ASK, stall_s=1.0)).finish_reason == "stop"


def test_without_streaming_only_the_deadline_counts(server: ModelServer, client: Client) -> None:
    server.streaming, server.prefill_s = "refused", 0.4
    assert client.generate(replace(ASK, stall_s=0.1, first_token_s=0.1)).requests == 2
    server.faults = [None, None, Fault("hang")]
    with pytest.raises(RequestTimeout):
        client.generate(replace(ASK, deadline_s=0.2))


def test_after_a_timeout_the_client_still_works(server: ModelServer, client: Client) -> None:
    server.faults = [Fault("hang_body")]
    with pytest.raises(Stalled):
        client.generate(replace(ASK, stall_s=0.1))
    assert client.generate(ASK).finish_reason == "stop"


# --- S7, S9, S10, S11: answers that are none ----------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    [
        "truncated_json", "html", "empty", "wrong_schema", "no_choices", "two_choices", "null_content", "tool_calls",
        "cut_stream", "cut_blank",
    ],
)  # fmt: skip
def test_what_is_no_answer(server: ModelServer, client: Client, kind: Kind) -> None:
    server.faults = [Fault(kind)]
    with pytest.raises(BadResponse) as caught:
        client.generate(ASK)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400
    assert client.generate(ASK).finish_reason == "stop"


def test_an_answer_spent_on_reasoning_is_empty_not_wrong(server: ModelServer, client: Client) -> None:
    server.faults = [Fault("reasoning_only")]
    got = client.generate(ASK)
    assert (got.text, got.reasoning, got.finish_reason) == ("", "hmm", "length")


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [(500, "engine died", ServerError), (400, "maximum context length is 10", PromptTooLong), (429, "x", RateLimited)],
)
def test_an_error_inside_a_stream(
    server: ModelServer, client: Client, status: int, message: str, kind: type[InferenceError]
) -> None:
    server.faults = [Fault("stream_error", status=status, message=message)]
    with pytest.raises(kind, match=message):
        client.generate(ASK)


@STREAMING
@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (Fault("finish", message="abort"), ServerError, "finish_reason 'abort'"),
        (Fault("finish", message="insufficient_system_resource"), ServerError, "insufficient_system_resource"),
        (Fault("finish", message="content_filter"), AnswerWithheld, "content_filter"),
        (Fault("choice_error", message="engine died"), ServerError, "engine died"),
        (Fault("error_event", message="engine died"), ServerError, "engine died"),
        (Fault("error_object", message="engine died"), ServerError, "engine died"),
        (Fault("error_object", status=429, message="slow down"), RateLimited, "slow down"),
    ],
)
def test_what_a_server_did_to_an_answer_is_no_answer(
    server: ModelServer, client: Client, streaming: Any, fault: Fault, kind: type[InferenceError], words: str
) -> None:
    server.streaming, server.faults = streaming, [fault]
    with pytest.raises(kind, match=words) as caught:
        client.generate(ASK)
    assert type(caught.value) is kind


@STREAMING
def test_a_huge_answer_is_cut_at_the_cap(server: ModelServer, streaming: Any) -> None:
    server.token, server.streaming, server.faults = None, streaming, [Fault("huge", size=2 << 20)]
    with Client(server.url, max_text_chars=1 << 20) as client:
        got = client.generate(ASK)
    assert (len(got.text), got.finish_reason) == (1 << 20, "length")


def test_a_body_far_over_the_cap_is_not_kept(server: ModelServer) -> None:
    server.token, server.streaming, server.faults = None, "ignored", [Fault("huge", size=12 << 20)]
    with Client(server.url, max_text_chars=1 << 20) as client, pytest.raises(BadResponse, match="is over"):
        client.generate(ASK)


def test_a_gzip_bomb_is_not_unpacked(server: ModelServer, client: Client) -> None:
    server.faults = [Fault("gzip_bomb")]
    with pytest.raises(BadResponse, match="compressed with gzip"):
        client.generate(ASK)


# --- S12, S14: the token ------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_the_token_follows_no_redirect(server: ModelServer, client: Client, status: int) -> None:
    with ModelServer() as other:
        server.faults = [Fault(status=status, headers={"Location": other.url + "/v1/chat/completions"})]
        with pytest.raises(RequestRejected, match=f"redirects to {other.url}"):
            client.generate(ASK)
        assert other.paths == []


def test_neither_netrc_nor_a_proxy_takes_the_token_over(
    server: ModelServer, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    client.generate(ASK)
    assert server.seen_authorization == [f"Bearer {TOKEN}"]


def test_the_derived_token_opens_a_server_with_that_secret() -> None:
    with ModelServer(jwt_secret="testing") as server, Client(server.url, token=tt_token("testing")) as client:
        assert client.generate(ASK).finish_reason == "stop"


def test_a_token_refused_at_the_start_and_in_mid_run(server: ModelServer, client: Client) -> None:
    client.generate(ASK)
    server.token = "rotated"
    for _ in range(2):
        with pytest.raises(AuthRejected, match="check VLLM_API_KEY, then resume the run") as caught:
            client.generate(ASK)
        assert TOKEN not in str(caught.value)
    server.token = TOKEN
    assert client.generate(ASK).finish_reason == "stop"


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=400, body=f"you sent {TOKEN}"),
        Fault(status=500, body=json.dumps({"error": {"message": f"Bearer {TOKEN}"}})),
        Fault(status=200, body=f"echo {TOKEN} is no JSON"),
        Fault(status=302, headers={"Location": f"http://x/{TOKEN}"}),
        Fault("stream_error", status=500, message=f"Bearer {TOKEN}"),
    ],
)
def test_a_server_that_repeats_the_token_does_not_get_it_shown(
    server: ModelServer, client: Client, fault: Fault
) -> None:
    server.faults = [fault]
    with pytest.raises(InferenceError) as caught:
        client.generate(ASK)
    assert TOKEN not in str(caught.value) and TOKEN not in repr(caught.value)
    assert "[token]" in str(caught.value)


def test_no_token_no_header(server: ModelServer) -> None:
    with (
        Client(server.url) as client,
        pytest.raises(AuthRejected, match="set FARM_API_KEY, VLLM_API_KEY or JWT_SECRET"),
    ):
        client.generate(ASK)
    assert server.seen_authorization == [None]


# --- S13: content -------------------------------------------------------------------------------


@STREAMING
@pytest.mark.parametrize(
    "text",
    [
        "a\ud800b\udfffc", "nul\x00byte", "\ufeffbom", "crlf\r\nlf\ncr\r", "\u202eright to left",
        "data: [DONE]\n\ndata: {}", "",
    ],
    ids=["surrogates", "nul", "bom", "crlf", "bidi", "sse", "empty"],
)  # fmt: skip
def test_any_content_survives(server: ModelServer, client: Client, streaming: Any, text: str) -> None:
    server.streaming, server.answer = streaming, saying(text)
    got = client.generate(ASK)
    assert got.text == text
    assert decode(encode(got.text)) == text


def test_invalid_utf8_survives(server: ModelServer, client: Client) -> None:
    server.faults = [Fault("invalid_utf8")]
    assert client.generate(ASK).text == "caf\udce9 \udcff"


def test_a_prompt_of_any_content_can_be_sent(server: ModelServer, client: Client) -> None:
    content = "a\ud800\x00\u202eb"
    client.generate(replace(ASK, messages=(Message.model_construct(role="user", content=content),)))
    assert server.bodies[0]["messages"][0]["content"] == content


# --- readiness ----------------------------------------------------------------------------------


def test_ready(server: ModelServer, client: Client) -> None:
    facts = check(client, "test/model")
    assert (facts.served, facts.max_context, facts.has_health) == (("test/model",), 32768, True)
    assert server.paths == ["/health", "/v1/models", "/v1/chat/completions"]
    assert server.bodies[0]["max_tokens"] == 16


def test_a_server_without_health_is_ready_too(server: ModelServer, client: Client) -> None:
    server.health_status = 404
    assert check(client, "test/model", chat=False).has_health is False
    assert server.paths[-1] == "/v1/completions"


def test_another_model_is_served(server: ModelServer, client: Client) -> None:
    server.check_model = False  # as llama.cpp, which answers for any name
    with pytest.raises(ModelNotFound, match=r"\(from FARM_SERVER_URL\) serves test/model, not meta-llama/Other"):
        check(client, "meta-llama/Other")
    assert server.requests == 0


def test_unreachable_names_url_origin_and_what_to_do(refusing: int) -> None:
    url = f"http://127.0.0.1:{refusing}"
    with Client(url, url_origin="SERVICE_PORT") as client, pytest.raises(ConnectionLost) as caught:
        check(client, "test/model")
    assert str(caught.value) == (
        f"no model server answers at {url} (from SERVICE_PORT): connection refused; "
        "start it (farm server start), name another by --server-url, or wait for it with --wait-server S"
    )


def test_waiting_for_a_server_that_warms_up(server: ModelServer, client: Client) -> None:
    server.faults = [Fault(status=503), Fault(status=503), Fault("truncated_json")]
    told: list[str] = []
    wait_ready(
        client, "test/model", budget_s=60, stop=threading.Event(), interval_s=0.01,
        on_progress=lambda elapsed, error: told.append(type(error).__name__),
    )  # fmt: skip
    assert told == ["ServerBusy", "ServerBusy", "BadResponse"]


def test_a_refused_key_is_not_waited_for(server: ModelServer) -> None:
    with Client(server.url, token="wrong") as client, pytest.raises(AuthRejected):
        wait_ready(client, "test/model", budget_s=60, stop=threading.Event())


def test_a_budget_that_is_spent_says_so(refusing: int) -> None:
    with (
        Client(f"http://127.0.0.1:{refusing}") as client,
        pytest.raises(ConnectionLost, match=r"not ready within 0.05 s: no model server answers"),
    ):
        wait_ready(client, "test/model", budget_s=0.05, stop=threading.Event(), interval_s=0.02)


# --- the prompt's budget ------------------------------------------------------------------------


@pytest.mark.parametrize("tokenizer", ["vllm", "llamacpp"])
def test_max_tokens_is_lowered_to_what_the_context_leaves(server: ModelServer, client: Client, tokenizer: Any) -> None:
    server.tokenizer = tokenizer
    fitted, size = prompt_budget.fit(client, replace(ASK, max_tokens=2048), 50)  # the prompt has 4 tokens
    assert (fitted.max_tokens, size.tokens, size.counted) == (46, 4, True)
    fitted, size = prompt_budget.fit(client, replace(TEXT, max_tokens=2048), 50)
    assert (fitted.max_tokens, size.counted) == (48, True)


def test_no_tokenizer_no_exact_count(server: ModelServer, client: Client) -> None:
    server.tokenizer = "none"
    fitted, size = prompt_budget.fit(client, replace(ASK, max_tokens=2048), 1024)
    assert not size.counted
    assert 4 < size.tokens < 512
    assert fitted.max_tokens == 1024 - size.tokens


def test_a_prompt_that_fits_for_sure_costs_no_request(server: ModelServer, client: Client) -> None:
    assert prompt_budget.fit(client, ASK, 32768)[0] == ASK
    assert server.paths == []


@pytest.mark.parametrize(("tokenizer", "said"), [("vllm", "has 4 tokens"), ("none", "has about ")])
def test_no_room_at_all(server: ModelServer, client: Client, tokenizer: Any, said: str) -> None:
    server.tokenizer = tokenizer
    with pytest.raises(PromptTooLong, match=said):
        prompt_budget.fit(client, ASK, 4)


# --- the scripted server as a process -----------------------------------------------------------


def test_the_scripted_server_as_a_process(tmp_path: Path) -> None:
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps({"two numbers": ["zero", "one"], "default": "?"}))
    command = [sys.executable, "-m", "tests.support.model_server", "--answers", str(answers), "--jwt-secret", "testing"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            with Client(url, token=tt_token("testing")) as client:
                assert [client.generate(replace(ASK, seed=seed)).text for seed in (2, 3)] == ["zero", "one"]
                other = replace(ASK, messages=(Message(role="user", content="else"),))
                assert client.generate(other).text == "?"
            assert requests.get(f"{url}/stats", timeout=30).json()["answered"] == 3
        finally:
            process.terminate()
    assert process.returncode == 0


def test_fixed_answers_without_a_default_say_what_is_missing() -> None:
    assert fixed_answers({"a": "x"})("b", 0) == "no answer is scripted for this prompt"


def test_many_clients_leave_no_thread_behind(server: ModelServer) -> None:
    before = threading.active_count()
    for _ in range(5):
        with Client(server.url, token=TOKEN) as client:
            client.generate(ASK)
    # the server's side of a closed connection ends a moment later
    wait_until(lambda: threading.active_count() <= before, "as many threads as before")
