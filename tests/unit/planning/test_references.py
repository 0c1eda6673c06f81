"""Which scores of others a run may be held against, and how the rest was measured."""

from __future__ import annotations

from typing import Any

import pytest

from farm import protocols
from farm.catalogue.eval_tasks import eval_task, tasks_of
from farm.planning.references import Measurement, lm_eval_references, references_of
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


def part(name: str, words: str) -> DatasetRef:
    return LCB.model_copy(update={"name": name, "part": words})


@pytest.mark.parametrize(
    ("dataset", "unlike"),
    [
        (part("release_v6", "release_v6: all that v1 to v6 added, 1055 problems"), ()),
        (part("release_v5", "release_v5: all that v1 to v5 added, 880 problems"), ("release_v6",)),
        (part("v6-only", "v6-only: the 175 problems that v6 added"), ("release_v6",)),
        (part("release_v6", "release_v6: all, 1055 problems; of these contest dates 2024-08-01 on"), ("release_v6",)),
    ],
)
def test_a_score_on_a_release_is_not_compared_with_a_slice_of_it(dataset: DatasetRef, unlike: tuple[str, ...]) -> None:
    gpu = next(ref for ref in references_of(LLAMA, measured(dataset=dataset)) if ref.hits)
    assert gpu.unlike == unlike


def test_the_token_limit_of_the_task_decides_not_that_of_the_protocol() -> None:
    task = eval_task("Qwen2.5-Coder-32B-Instruct", "humaneval_instruct")
    sampling = protocols.get("humaneval-instruct").sampling
    dataset = LCB.model_copy(update={"name": "humaneval"})
    own = references_of(task, measured("humaneval-instruct", dataset=dataset))
    assert {ref.unlike for ref in own} == {("max tokens 256",)} and sampling.max_tokens != 256
    as_there = sampling.model_copy(update={"max_tokens": 256})
    assert {
        ref.unlike for ref in references_of(task, measured("humaneval-instruct", sampling=as_there, dataset=dataset))
    } == {()}


GPQA = next(task for task in tasks_of("gemma-4-31B-it") if task.task_name == "r1_gpqa_diamond")
ASKED = Sampling(temperature=1.0, top_p=0.95, top_k=20, max_tokens=126976, stop=())


def test_a_task_of_lm_eval_is_compared_where_it_is_asked_as_there() -> None:
    found = lm_eval_references(GPQA, ASKED, num_fewshot=0, all_documents=True)
    assert [(ref.score, ref.unlike) for ref in found] == [
        (83.33, ()), (84.3, ()), (80.0, ("the documents of ci-nightly",)),
    ]  # fmt: skip
    other = lm_eval_references(
        GPQA, ASKED.model_copy(update={"top_k": None}), num_fewshot=5, all_documents=False, subset=""
    )
    assert other[0].unlike == ("top_k 20", "0 examples in the prompt", "all documents")


def test_the_documents_of_a_mode_are_compared_with_the_score_on_them_first() -> None:
    first, *others = lm_eval_references(GPQA, ASKED, num_fewshot=0, all_documents=False, subset="ci-nightly")
    assert (first.score, first.subset, first.tolerance, first.unlike) == (80.0, True, 0.1, ())
    assert [ref.unlike for ref in others] == [(), ()]
