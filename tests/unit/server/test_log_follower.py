"""A server's log: every line, none with a secret."""

from __future__ import annotations

from pathlib import Path

from farm.server.log_follower import copy


def test_secrets_are_blacked_out_also_where_a_piece_ends_in_their_midst(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_text("before\n")
    copy([b"key is hunt", b"er2\nand hunter", b"22", b"\nlast"], log, [b"hunter2", b"hunter22", b""])
    assert log.read_text() == "before\nkey is [secret]\nand [secret]\nlast\n"
