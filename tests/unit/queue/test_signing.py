"""Signatures: over every field, by run, and never without a word about it."""

from __future__ import annotations

import logging

import pytest

from farm import config
from farm.errors import ConfigError, MessageRejected
from farm.ids import sha256_hex
from farm.queue.messages import ExecuteJob, GenerateJob
from farm.queue.signing import Signer, signer

SECRET = "0123456789abcdef"
SIGNER = Signer(SECRET.encode())
DIGEST = sha256_hex(b"x")
JOB = ExecuteJob(run_id="run", problem_id="p", index=0, attempt=1, fence=2, config=DIGEST, program=DIGEST, suite=DIGEST)


def settings(**env: str) -> config.Settings:
    return config.load({"HOME": "/nonexistent", **env})


def test_a_signed_job_is_believed() -> None:
    SIGNER.check(SIGNER.signed(JOB))


@pytest.mark.parametrize("field", [name for name in ExecuteJob.model_fields if name != "schema_version"])
def test_a_job_with_any_field_altered_is_refused(field: str) -> None:
    value = getattr(JOB, field)
    other = value + 1 if isinstance(value, int) else sha256_hex(b"other") if len(value) == 64 else "other"
    with pytest.raises(MessageRejected, match="wrong signature"):
        SIGNER.check(SIGNER.signed(JOB).model_copy(update={field: other}))


def test_a_signature_is_good_for_one_kind_one_run_and_one_secret() -> None:
    signed = SIGNER.signed(JOB)
    other_kind = GenerateJob(
        run_id="run", problem_id="p", index=0, attempt=1, fence=2, config=DIGEST, prompt=DIGEST, mac=signed.mac
    )
    with pytest.raises(MessageRejected):
        SIGNER.check(other_kind)
    with pytest.raises(MessageRejected):
        Signer(b"another secret").check(signed)
    mac = SIGNER.answer("run", b"result", b"1", b"{}")
    SIGNER.check_answer("run", b"result", b"1", b"{}", mac)
    for altered in (
        ("run-2", b"result", b"1", b"{}"), ("run", b"failure", b"1", b"{}"),
        ("run", b"result", b"2", b"{}"), ("run", b"result", b"1", b"{ }"),
    ):  # fmt: skip
        with pytest.raises(MessageRejected):
            SIGNER.check_answer(*altered, mac)
    with pytest.raises(MessageRejected):
        SIGNER.check_answer("run", b"result", b"1", b"{}", b"")


def test_no_secret_on_a_broker_that_others_reach_is_refused() -> None:
    with pytest.raises(ConfigError, match="FARM_SECRET is not set"):
        signer(settings(FARM_BROKER_URL="redis://redis.example:6379/0"))
    found = signer(settings(FARM_BROKER_URL="redis://redis.example:6379/0", FARM_SECRET=SECRET))
    assert found == SIGNER and SECRET not in repr(found)


def test_no_secret_on_a_broker_of_this_host_is_said(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        signer(settings(FARM_BROKER_URL="redis://127.0.0.1:6379/0"))
    assert "FARM_SECRET is not set" in caplog.text


def test_a_short_secret_is_refused_without_showing_it(tmp_path: object) -> None:
    with pytest.raises(ConfigError, match="FARM_SECRET has 5 characters") as caught:
        settings(FARM_SECRET="short")
    assert "short" not in str(caught.value)


def test_the_key_id_names_the_secret_and_tells_nothing() -> None:
    assert SIGNER.key_id == Signer(SECRET.encode()).key_id != Signer(b"another").key_id
    assert len(SIGNER.key_id) == 12
