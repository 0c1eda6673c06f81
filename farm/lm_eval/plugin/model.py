"""farm as a model of lm-evaluation-harness: `lm_eval --model farm`.

Its requests become runs of the farm: workers, admission, ledger, resume. Registered by the entry point
`lm_eval.models`, and by `farm lm-eval` for versions that do not read it (0.4.13 and older).
"""

from __future__ import annotations

from typing import Any

from lm_eval.api.model import LM
from lm_eval.api.registry import register_model
from lm_eval.utils import simple_parse_args_string

from farm.app.requests import RunOptions
from farm.config import load
from farm.errors import ConfigError
from farm.lm_eval.plugin.generation import Farm, generate
from farm.lm_eval.plugin.served import ready, refuse_unknown, served_model
from farm.lm_eval.runs.requests import MAX_GEN_TOKS, chat_context, group
from farm.records import DriveOptions

ARGUMENTS = (
    "model, device, base_url, num_concurrent, max_length, max_gen_toks, seed, label, workers, timeout, stall_timeout, "
    "wait_server"
)


@register_model("farm")
class FarmLM(LM):  # type: ignore[misc]
    """Generates through the farm. Log-likelihoods it does not have."""

    def __init__(
        self,
        model: str,
        device: str | None = None,
        base_url: str | None = None,
        server_url: str | None = None,
        num_concurrent: int | None = None,
        max_length: int | None = None,
        max_gen_toks: int = MAX_GEN_TOKS,
        seed: int = 42,
        label: str = "",
        workers: int | None = None,
        timeout: float = 1800.0,
        stall_timeout: float = 120.0,
        wait_server: float = 0.0,
        **others: Any,
    ) -> None:
        """`model` and `device` are looked up in the catalogue; without a device the name alone is sent.

        `label` makes a new run of an evaluation that was done before. docs/lm-eval.md has the rest.
        """
        super().__init__()
        refuse_unknown(others, ARGUMENTS)
        settings = load()
        served = served_model(settings, str(model), device, concurrency=num_concurrent, context=max_length)
        url, served = ready(
            settings, served, base_url or server_url, wait_s=float(wait_server), context_given=max_length is not None
        )
        drive = DriveOptions(deadline_s=float(timeout), stall_s=float(stall_timeout))
        options = RunOptions(drive=drive, workers=workers)
        self._farm = Farm(settings, served, url, options, str(label))
        self._seed, self._max_gen_toks = int(seed), int(max_gen_toks)
        self._runs: list[str] = []

    @classmethod
    def create_from_arg_obj(cls, arg_dict: dict[str, Any], additional_config: dict[str, Any] | None = None) -> FarmLM:
        """lm-eval's own `--device` names a torch device on the machine that lm-eval runs on: not one of farm's."""
        return cls(**arg_dict)

    @classmethod
    def create_from_arg_string(cls, arg_string: str, additional_config: dict[str, Any] | None = None) -> FarmLM:
        """The same for arguments in one text."""
        return cls(**simple_parse_args_string(arg_string))

    def generate_until(self, requests: list[Any], disable_tqdm: bool = False) -> list[str]:
        """The answers, in order. A request that is listed n times is n samples with n seeds."""
        texts: dict[int, list[str]] = {}
        for part in group(requests, seed=self._seed, max_gen_toks=self._max_gen_toks):
            run_id, answers = generate(self._farm, part)
            self._runs.append(run_id)
            texts.update(answers)
        given = {place: iter(answers) for place, answers in texts.items()}
        return [next(given[id(request)]) for request in requests]

    def loglikelihood(self, requests: list[Any]) -> list[tuple[float, bool]]:
        """Refused."""
        raise _no_likelihood(requests, "loglikelihood")

    def loglikelihood_rolling(self, requests: list[Any]) -> list[float]:
        """Refused."""
        raise _no_likelihood(requests, "loglikelihood_rolling")

    def apply_chat_template(self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        """The conversation itself: the server applies the template. An answer begun is its last message."""
        return chat_context(chat_history)

    @property
    def tokenizer_name(self) -> str:
        """What lm-eval tells prompts apart by."""
        return self._farm.model.repo

    def get_model_info(self) -> dict[str, Any]:
        """What lm-eval writes into its results: the model as served, and the runs that hold every answer."""
        return {"farm_model": self._farm.model.model_dump(mode="json"), "farm_runs": list(self._runs)}


def _no_likelihood(requests: list[Any], kind: str) -> ConfigError:
    tasks = ", ".join(sorted({str(request.task_name) for request in requests})) or "this task"
    return ConfigError(
        f"{tasks}: farm has no {kind}, it generates text", remedy="choose tasks of output_type generate_until"
    )
