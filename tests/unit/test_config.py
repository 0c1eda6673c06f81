"""Settings: each variable in its accepted form, or an error that names it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from farm import config
from farm.errors import ConfigError

HOME = {"HOME": "/nonexistent"}


def test_defaults_lie_under_the_home() -> None:
    settings = config.load(HOME)
    assert settings.home == Path("/nonexistent/.local/share/farm")
    assert settings.ledger_url == "sqlite:////nonexistent/.local/share/farm/ledger.db"
    assert settings.broker_url is None and settings.server_url is None


@pytest.mark.parametrize(
    ("env", "url", "origin"),
    [
        ({"FARM_SERVER_URL": "http://a:1", "DEPLOY_URL": "http://b"}, "http://a:1", "FARM_SERVER_URL"),
        ({"DEPLOY_URL": "http://b"}, "http://b:8000", "DEPLOY_URL"),
        ({"DEPLOY_URL": "http://b:9/", "SERVICE_PORT": "7"}, "http://b:9", "DEPLOY_URL"),
        ({"SERVICE_PORT": "7001"}, "http://127.0.0.1:7001", "SERVICE_PORT"),
    ],
)
def test_the_server_as_tt_inference_server_names_it(env: dict[str, str], url: str, origin: str) -> None:
    settings = config.load({**HOME, **env})
    assert (settings.server_url, settings.server_url_origin) == (url, origin)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FARM_BROKER_URL", "localhost:6379"),
        ("SERVICE_PORT", "http"),
        ("SERVICE_PORT", "70000"),
        ("FARM_ALLOW_UNSANDBOXED", "maybe"),
        ("FARM_KEY_PREFIX", "farm"),
        ("FARM_KEY_PREFIX", "*:"),
        ("JWT_SECRET_FILE", "/nonexistent/secret"),
    ],
)
def test_a_bad_value_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        config.load({**HOME, name: value})


def test_a_secret_comes_from_a_file_and_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("hush-hush\n")
    settings = config.load({**HOME, "JWT_SECRET_FILE": str(path)})
    assert settings.secret("JWT_SECRET") == "hush-hush"
    assert "hush" not in repr(settings) and "hush" not in str(settings.model_dump())


def test_an_empty_secret_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("\n")
    with pytest.raises(ConfigError, match="VLLM_API_KEY_FILE"):
        config.load({**HOME, "VLLM_API_KEY_FILE": str(path)})


def test_an_execute_worker_gets_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*config.SECRET_NAMES, "FARM_WEB_PASSWORD", "FARM_JUDGE_TOKEN"):
        monkeypatch.setenv(name, "canary")
        monkeypatch.setenv(f"{name}_FILE", "/canary")
    monkeypatch.setenv("FARM_LEDGER_URL", "canary")
    environment = config.child_environment(keep_secrets=False, extra={"X": "1"})
    assert "canary" not in str([value for name, value in environment.items() if name != "PWD"])
    assert environment["X"] == "1"
    assert config.child_environment(keep_secrets=True)["JWT_SECRET"] == "canary"
    config.forget_secrets()
    assert {name: value for name, value in environment.items() if name != "X"} == dict(os.environ)
