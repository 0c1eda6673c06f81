"""The tasks of Tenstorrent's fork of lm-eval: answers are read and compared as there."""

from __future__ import annotations

from farm.lm_eval.runs.task_names import own_tasks
from tests.support.lm_eval.harness import harness_python
from tests.support.lm_eval.r1_cases import ANSWERS, EQUAL, LETTERS, by_farm


def test_answers_are_read_as_in_the_fork() -> None:
    found = by_farm(
        harness_python(),
        answers=[text for text, _ in ANSWERS],
        letters=[text for text, _ in LETTERS],
        equal=[(answer, recorded) for answer, recorded, _ in EQUAL if answer == recorded or answer.isdigit()],
    )
    assert dict(zip((text for text, _ in ANSWERS), found["answers"], strict=True)) == dict(ANSWERS)
    assert dict(zip((text for text, _ in LETTERS), found["letters"], strict=True)) == dict(LETTERS)
    assert found["equal"] == [same for answer, recorded, same in EQUAL if answer == recorded or answer.isdigit()]


def test_the_task_files_ask_as_in_the_fork() -> None:
    for name, path in own_tasks().items():
        text = path.read_text()
        assert f"\ntask: {name}\n" in text and "\\nPlease reason step by step, and " in text
        for line in ("do_sample: true", "max_gen_toks: 32768", "temperature: 0.6", "top_k: 40", "top_p: 0.95"):
            assert f"  {line}\n" in text
