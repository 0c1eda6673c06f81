"""Which scores of others a run may be held against, and how the rest was measured."""

from __future__ import annotations

from typing import Any

import pytest

from farm import protocols
from farm.catalogue.eval_tasks import eval_task
from farm.planning.references import Measurement, references_of
from farm.records import DatasetRef, JudgeSpec, Limits, Sampling

LLAMA = eval_task("Llama-3.2-3B-Instruct")
LCB = DatasetRef(name="livecodebench", source="x", digest="1" * 64, problems=1055)


def measured(protocol: str = "tt", **changes: Any) -> Measurement:
    chosen = protocols.get(protocol)
    values: dict[str, Any] = {
        "protocol": chosen, "judge": chosen.judge, "sampling": chosen.sampling, "limits": Limits(), "dataset": LCB,
    }  # fmt: skip
    return Measurement(**{**values, **changes})


def test_a_run_as_the_protocol_says_is_comparable_with_its_own_references_alone() -> None:
    gpu, *others = references_of(LLAMA, measured())
    assert (gpu.label, gpu.score, gpu.hits, gpu.problems, gpu.unlike) == ("gpu_reference", 13.93, 147, 1055, ())
    assert gpu.source == "tenstorrent/tt-inference-server #354 (A100; #311 comment 2991859987) 2025-06-30"
    assert [(ref.score, ref.unlike) for ref in others] == [(5.4, ("protocol seed",)), (5.0, ("protocol seed",))]


def test_another_protocol_is_named() -> None:
    found = references_of(LLAMA, measured("official"))
    assert [ref.unlike for ref in found] == [("protocol tt",), ("protocol seed",), ("protocol seed",)]
    seed = references_of(LLAMA, measured("seed"))
    assert [(ref.score, ref.unlike) for ref in seed] == [(5.4, ()), (5.0, ()), (13.93, ("protocol tt",))]


@pytest.mark.parametrize(
    ("changes", "unlike"),
    [
        ({"judge": JudgeSpec(mode="judge")}, "judge lcb (tt), comparator lcb-text@1, stop at first failure"),
        ({"sampling": protocols.get("tt").sampling.model_copy(update={"temperature": 0.6})}, "temperature 0"),
        ({"sampling": protocols.get("tt").sampling.model_copy(update={"top_p": 0.9})}, "top_p not sent"),
        ({"sampling": protocols.get("tt").sampling.model_copy(update={"max_tokens": 512})}, "max tokens 2048"),
        ({"limits": Limits(cpu_s=1.0)}, "time limit 6 s"),
        ({"dataset": LCB.model_copy(update={"tests": "public"})}, "all tests"),
        ({"prompted_by": "official@1"}, "prompts of tt@1"),
    ],
)
def test_a_deviation_from_the_protocol_is_named(changes: dict[str, Any], unlike: str) -> None:
    gpu = next(ref for ref in references_of(LLAMA, measured(**changes)) if ref.label == "gpu_reference" and ref.hits)
    assert gpu.unlike == (unlike,)


@pytest.mark.parametrize(
    "changes",
    [
        {"judge": protocols.get("tt").judge.model_copy(update={"stop": "all"})},
        {"sampling": protocols.get("tt").sampling.model_copy(update={"n": 5, "seed": 7})},
        {"limits": Limits(memory_bytes=1 << 31)},
        {"prompted_by": "tt@1"},
    ],
)
def test_what_moves_no_score_leaves_references_comparable(changes: dict[str, Any]) -> None:
    assert references_of(LLAMA, measured(**changes))[0].unlike == ()


def test_nobody_measured_anything_on_the_bundled_problems() -> None:
    bundled = LCB.model_copy(update={"name": "sample"})
    assert references_of(LLAMA, measured(dataset=bundled)) == ()
    assert references_of(eval_task("SmolLM2-135M-Instruct"), measured(sampling=Sampling())) == ()
