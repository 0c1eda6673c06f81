"""What a command says of the runs that it made."""

from __future__ import annotations

import pytest

from farm.app.conclude import Outcome
from farm.cli.outcome import tell
from farm.errors import RunIncomplete


def test_a_run_without_a_score_hides_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    open_one = Outcome("run-1", None, lines=("first",), error=RunIncomplete("run-1 is INCOMPLETE"))
    with pytest.raises(RunIncomplete, match="run-1"):
        tell(open_one, Outcome("run-2", None, lines=("second",)))
    assert capsys.readouterr().out.split() == ["first", "second"]
    assert tell(Outcome("run-2", None)) == 0
