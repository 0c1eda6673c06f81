"""Servers behind gateways: a private authority, headers, other paths, no list of models, aliases, adapters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from farm.config import Settings, load
from farm.errors import AuthRejected, ConfigError, ModelNotFound, RequestRejected, TlsFailed
from farm.inference.client import Client, GenerateRequest
from farm.inference.client_of import client_of
from farm.inference.readiness import check
from farm.records import Message
from tests.support.certificates import Certificates, certificates
from tests.support.model_server import Fault, ModelServer

ASK = GenerateRequest(model="test/model", messages=(Message(role="user", content="hi"),), max_tokens=64)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("own"))


@pytest.fixture
def secured(own: Certificates) -> Iterator[ModelServer]:
    with ModelServer(tls=(own.certificate, own.key)) as server:
        yield server


def settings(tmp_path: Path, **env: str) -> Settings:
    return load({"FARM_HOME": str(tmp_path), **env})


# --- TLS ----------------------------------------------------------------------------------------


def test_an_authority_of_ones_own_is_trusted_by_its_file(
    secured: ModelServer, own: Certificates, tmp_path: Path
) -> None:
    trusting = settings(tmp_path, FARM_SERVER_CA=str(own.authority))
    with client_of(trusting, "vLLM", secured.url) as client:
        assert check(client, "test/model").served == ("test/model",)


def test_an_authority_that_the_systems_store_has_is_trusted(
    secured: ModelServer, own: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    from farm.inference.connection.tls import trusting

    monkeypatch.setenv("SSL_CERT_FILE", str(own.authority))  # where OpenSSL looks for the system's store
    trusting.cache_clear()
    try:
        with Client(secured.url) as client:
            assert client.generate(ASK).text
    finally:
        trusting.cache_clear()


def test_an_unknown_authority_is_said_with_what_to_do(secured: ModelServer) -> None:
    with Client(secured.url) as client, pytest.raises(TlsFailed) as caught:
        check(client, "test/model")
    assert str(caught.value).startswith(f"{secured.url}: no authority known here has signed its certificate")
    assert "set FARM_SERVER_CA to the PEM file of that authority" in str(caught.value)


def test_a_certificate_for_another_host(tmp_path: Path) -> None:
    other = certificates(tmp_path, "DNS:models.example")
    trusting = settings(tmp_path, FARM_SERVER_CA=str(other.authority))
    with (
        ModelServer(tls=(other.certificate, other.key)) as server,
        client_of(trusting, "vLLM", server.url) as client,
        pytest.raises(TlsFailed, match=r"its certificate is for another host.*; write the name in its certificate"),
    ):
        client.generate(ASK)


def test_a_file_without_a_certificate_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing\n")
    wrong = settings(tmp_path, FARM_SERVER_CA=str(tmp_path / "ca.pem"))
    with pytest.raises(ConfigError, match=r"FARM_SERVER_CA: .*ca\.pem: no certificate in PEM form"):
        client_of(wrong, "vLLM", "https://127.0.0.1:1")
    with pytest.raises(ConfigError, match="FARM_SERVER_CA: there is no file"):
        settings(tmp_path, FARM_SERVER_CA=str(tmp_path / "none.pem"))


def test_https_to_a_plain_server_says_so() -> None:
    with ModelServer() as server:
        url = server.url.replace("http://", "https://")
        with Client(url) as client, pytest.raises(TlsFailed, match="speaks plain HTTP, not TLS; write http://"):
            check(client, "test/model")


# --- headers ------------------------------------------------------------------------------------


def test_headers_go_with_each_request_and_their_values_are_never_shown(tmp_path: Path) -> None:
    wanted = {"X-Gateway-Key": "s3cr3t-of-the-gateway", "X-Team": "eval"}
    told = '{"error": {"message": "no model for key s3cr3t-of-the-gateway"}}'
    with ModelServer(headers=wanted) as server:
        with Client(server.url) as bare, pytest.raises(AuthRejected):
            check(bare, "test/model")
        added = settings(tmp_path).with_server_headers({name: SecretStr(value) for name, value in wanted.items()})
        with client_of(added, "vLLM", server.url) as client:
            check(client, "test/model")
            server.faults = lambda number, body: Fault(status=400, body=told)
            with pytest.raises(RequestRejected) as caught:
                client.generate(ASK)
        assert "s3cr3t" not in str(caught.value) and "no model for key [header]" in str(caught.value)
        assert "s3cr3t" not in repr(added)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("X-Key: s3cr3t", "not a JSON object"), ('{"X-Key": 5}', "not a JSON object"),
        ('{"X Key": "s3cr3t"}', "no name of a header"), ('{"X-Key": "s3cr3t\\n"}', "the value of X-Key holds"),
        ('{"Content-Length": "3"}', "farm sets the header Content-Length itself"),
    ],
)  # fmt: skip
def test_headers_that_cannot_be_sent_are_refused_without_their_values(tmp_path: Path, value: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        settings(tmp_path, FARM_SERVER_HEADERS=value)
    assert "s3cr3t" not in str(caught.value)


# --- paths and lists ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("api", "given"),
    [
        ("/api/v3", "/api/v3"), ("/api/v3", "/api/v3/chat/completions"), ("/team/v1", "/team/v1/completions"),
        ("/serving", "/serving/chat/completions"), ("", "/chat/completions"),
    ],
)  # fmt: skip
def test_an_api_at_another_path(api: str, given: str) -> None:
    with ModelServer(api=api) as server, Client(server.url + given) as client:
        facts = check(client, "test/model")
        assert facts.max_context == 32768 and facts.answer is not None
        assert {f"{api}/models", f"{api}/chat/completions"} <= set(server.paths)
        assert client.base_url.startswith(server.url)


def test_a_server_without_a_list_of_models_is_asked_for_none_where_that_is_said() -> None:
    with ModelServer(rows=[], health=False) as server, Client(server.url) as client:
        with pytest.raises(ModelNotFound, match=r"has no list of models at .*/v1/models; .*--no-model-list"):
            check(client, "test/model")
        server.paths.clear()
        facts = check(client, "test/model", listed=False)
        assert facts.max_context is None and facts.answer is not None
        assert "/v1/models" not in server.paths


def test_a_model_behind_an_alias_is_asked_for_by_it_and_an_adapter_has_its_bases_limits() -> None:
    rows: list[dict[str, Any]] = [
        {"id": "fast", "root": "org/Coder-7B", "max_model_len": 4096, "owned_by": "vllm"},
        {"id": "acme-ft", "root": "/adapters/acme", "parent": "fast", "owned_by": "vllm"},
    ]
    with ModelServer(model="fast", rows=rows) as server, Client(server.url) as client:
        by_repo, adapter = check(client, "org/Coder-7B"), check(client, "acme-ft")
        assert (by_repo.model.name, by_repo.max_context) == ("fast", 4096)
        assert (adapter.model.name, adapter.model.base, adapter.max_context) == ("acme-ft", "fast", 4096)
        assert [body["model"] for body in server.bodies] == ["fast", "acme-ft"]
        with pytest.raises(ModelNotFound, match=r"serves fast, acme-ft, not org/Else.*--served-model-name"):
            check(client, "org/Else")
