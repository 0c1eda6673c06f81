"""Which tasks a suite has, and how each is asked."""

from __future__ import annotations

import json

import pytest

from farm.app.requests import ModelChoice, ProblemChoice, SubmitRequest, SuiteChoice
from farm.app.suites.choose import ChosenTask, chosen_tasks, read_documents
from farm.app.suites.run import member_name
from farm.catalogue.eval_tasks import tasks_of
from farm.datasets.select import Selection
from farm.errors import ConfigError
from farm.ids import check_run_id
from farm.records import Sampling, ServedModel


def chosen(model: str, *, max_context: int = 131072, **wanted: object) -> dict[str, ChosenTask]:
    suite = SuiteChoice(**wanted)  # type: ignore[arg-type]
    request = SubmitRequest(ModelChoice(model, "n300"), suite=suite)
    served = ServedModel(name=model, repo=f"x/{model}", device="n300", max_context=max_context)
    return {found.task.task_name: found for found in chosen_tasks(request, served, tasks_of(model))}


def request_of(found: ChosenTask) -> SubmitRequest:
    assert found.request is not None, found.why
    return found.request


def test_tasks_are_asked_as_tt_inference_server_asks_them() -> None:
    tasks = chosen("gemma-3-27b-it", mode="ci-nightly")
    code = request_of(tasks["mbpp_instruct"])
    assert code.task is not None and code.task.code_task is not None
    assert code.sampling.max_tokens == 256 and code.problems.selection.first == 0.5
    judged = request_of(tasks["livecodebench"])
    assert (judged.task, judged.eval_task, judged.problems.selection.first) == (None, "livecodebench", None)
    ruler = request_of(tasks["ruler"]).task
    assert ruler is not None and json.loads(ruler.gen_kwargs or "") == {"max_gen_toks": 256, "do_sample": False}
    assert ruler.metadata["max_seq_lengths"] == [4096, 8192, 16384, 32768, 65536] and ruler.num_fewshot == 0
    assert tasks["chartqa"].request is None and "needs pictures" in tasks["chartqa"].why


def test_what_cannot_be_run_says_why() -> None:
    assert (
        "llama-cookbook: farm submit --task meta_ifeval --include-path DIR"
        in chosen("Llama-3.1-70B-Instruct")["meta_ifeval"].why
    )
    assert "fork of lm-eval alone" in chosen("GLM-5.2")["longbench2_generate"].why
    assert chosen("GLM-5.2")["terminal_bench_2_1"].why.startswith("it is run by harbor, dataset terminal-bench/")
    small = chosen("Llama-3.2-1B-Instruct", max_context=8192)["longbench_code_e"]
    assert small.why == "it needs a context of 16384 tokens, and the server has 8192"


def test_smoke_test_takes_three_documents_whatever_the_table_says() -> None:
    assert {
        request_of(found).problems.selection.first for found in chosen("Qwen3-32B", mode="smoke-test").values()
    } == {3}


def test_a_score_on_the_documents_of_a_mode_is_found_by_its_name() -> None:
    nightly = request_of(chosen("gemma-4-31B-it", mode="ci-nightly")["r1_gpqa_diamond"])
    assert (nightly.mode, nightly.problems.selection.first) == ("ci-nightly", 0.05)
    assert request_of(chosen("gemma-4-31B-it")["r1_gpqa_diamond"]).mode == ""
    named = chosen("gemma-4-31B-it", mode="ci-nightly", documents={"r1_gpqa_diamond": (3,)})["r1_gpqa_diamond"]
    assert request_of(named).mode == "", "other documents"


def test_named_documents_come_before_the_mode() -> None:
    tasks = chosen("Qwen3-32B", mode="smoke-test", documents={"r1_aime24": (0, 5)})
    assert request_of(tasks["r1_aime24"]).problems.selection == Selection(places=frozenset({0, 5}))
    assert request_of(tasks["r1_math500"]).problems.selection.first == 3
    with pytest.raises(ConfigError, match=r"--eval-samples names gsm8k, which Qwen3-32B does not have"):
        chosen("Qwen3-32B", documents={"gsm8k": (0,)})


@pytest.mark.parametrize("text", ["", "[0]", '{"a": []}', '{"a": [-1]}', '{"a": [true]}', '{"a": 3}', '{"": [1]}'])
def test_documents_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"--eval-samples"):
        read_documents(text)


def test_what_belongs_to_one_task_is_refused() -> None:
    served = ServedModel(name="Qwen3-32B", repo="Qwen/Qwen3-32B", device="t3k")
    request = SubmitRequest(
        ModelChoice("Qwen3-32B", "t3k"), suite=SuiteChoice(), eval_task="livecodebench",
        problems=ProblemChoice(dataset="sample"),
    )  # fmt: skip
    with pytest.raises(ConfigError, match=r"--eval-task, --dataset: a model's tasks say that themselves"):
        chosen_tasks(request, served, tasks_of("Qwen3-32B"))
    with pytest.raises(ConfigError, match="no eval task is known for Mine-7B"):
        chosen_tasks(SubmitRequest(ModelChoice("Mine-7B", "t3k"), suite=SuiteChoice()), served.model_copy(
            update={"name": "Mine-7B"}), [])  # fmt: skip


def test_what_the_user_chose_comes_before_the_task() -> None:
    request = SubmitRequest(ModelChoice("gemma-3-27b-it", "t3k"), suite=SuiteChoice(), sampling=Sampling(max_tokens=99))
    served = ServedModel(name="gemma-3-27b-it", repo="google/gemma-3-27b-it", device="t3k")
    found = {each.task.task_name: each for each in chosen_tasks(request, served, tasks_of("gemma-3-27b-it"))}
    sampling = request_of(found["mbpp_instruct"]).sampling
    assert (sampling.max_tokens, sampling.temperature) == (99, 0.0)


@pytest.mark.parametrize("length", [3, 48, 49, 64])
def test_no_two_runs_of_suites_have_the_same_name(length: int) -> None:
    names = {member_name("s" * length, number, "mmlu_pro") for number in range(1, 100)}
    assert len(names) == 99 and all(check_run_id(name) for name in names)
    other = member_name("s" * (length - 1) + "t", 1, "mmlu_pro")
    assert other not in names
    assert member_name("gate", 7, "r1_aime24") == "gate-07-r1-aime24"
