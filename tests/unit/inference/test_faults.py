"""Why a connection failed, by what its error holds."""

from __future__ import annotations

from http.client import BadStatusLine

import pytest

from farm.inference.connection.faults import tls_fault


@pytest.mark.parametrize("line", ["\x15\x03\x03\x00\x02\x02P", "'\\x15\\x03\\x03\\x00'"])
def test_an_alert_in_place_of_a_status_is_a_server_with_tls(line: str) -> None:
    found = tls_fault(BadStatusLine(line), "http://host")
    assert found is not None and "speaks TLS" in str(found)


@pytest.mark.parametrize("line", ["SSH-2.0-x", "\\x", "\\N{", "\\u12", ""])
def test_any_other_line_is_no_fault_of_tls(line: str) -> None:
    assert tls_fault(BadStatusLine(line), "http://host") is None
