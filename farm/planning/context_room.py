"""Before a run: which problems' prompts leave less room in the model's context than answers may need.

Each request is lowered to what fits when it is sent (farm/inference/prompt_budget.py); here it is said
beforehand, while it is not too late to serve the model with a longer context.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from farm.errors import ConfigError
from farm.inference.generation import GenerateRequest
from farm.inference.prompt_budget import PromptSize, estimate
from farm.ledger.ledger import PlannedProblem
from farm.records import Prompt, Sampling, ServedModel

SHOWN = 3
Count = Callable[[GenerateRequest], PromptSize | None]


@dataclass(frozen=True, slots=True)
class ContextRoom:
    """Tokens of the prompts, and the problems whose answers get fewer than wanted, or none at all."""

    context: int
    wanted: int  # max_tokens
    longest: int  # tokens of the longest prompt
    mean: int
    counted: bool  # by the server's tokenizer, on the longest prompt; else estimated
    lowered: tuple[str, ...] = ()  # problem ids, those of `none` not among them
    least: int = 0  # tokens that are left to the worst of `lowered`
    none: tuple[str, ...] = ()

    def in_words(self) -> tuple[str, ...]:
        """Cautions, one a line; none where everything fits."""
        said = []
        about = "" if self.counted else "about "
        if self.lowered:
            said.append(
                f"context of {self.context} tokens: max_tokens {self.wanted} is lowered for {len(self.lowered)} "
                f"problems, to {about}{self.least} at least (longest prompt: {about}{self.longest} tokens)"
            )
        if self.none:
            names = ", ".join(self.none[:SHOWN]) + (", ..." if len(self.none) > SHOWN else "")
            said.append(
                f"context of {self.context} tokens: the prompts of {len(self.none)} problems leave no room and will "
                f"be unjudged: {names}"
            )
        return tuple(said)


def context_room(
    problems: Sequence[PlannedProblem], model: ServedModel, sampling: Sampling, count: Count = lambda request: None
) -> ContextRoom:
    """How the prompts of `problems` fit. `count`: the server's tokenizer, asked once, about the longest prompt.

    Raises ConfigError if no problem's prompt leaves room for a single token.
    """
    sure = [(p, _request(p, model, sampling)) for p in problems if p.prompt is not None]
    upper = {p.problem_id: estimate(request, bytes_per_token=1).tokens for p, request in sure}
    guess = {p.problem_id: estimate(request).tokens for p, request in sure}
    longest_id = max(upper, key=lambda name: upper[name])
    tight = upper[longest_id] + sampling.max_tokens > model.max_context
    counted = count(next(request for p, request in sure if p.problem_id == longest_id)) if tight else None
    if counted is not None:
        # The other prompts are of the same kind: as many tokens for their bytes
        guess = {name: -(-size * counted.tokens // upper[longest_id]) for name, size in upper.items()}
    room = {name: model.max_context - tokens for name, tokens in guess.items()} if tight else {}
    none = tuple(name for name, left in room.items() if left < 1)
    lowered = tuple(name for name, left in room.items() if 1 <= left < sampling.max_tokens)
    found = ContextRoom(
        context=model.max_context,
        wanted=sampling.max_tokens,
        longest=guess[longest_id],
        mean=sum(guess.values()) // len(guess),
        counted=counted is not None,
        lowered=lowered,
        least=min((room[name] for name in lowered), default=0),
        none=none,
    )
    if len(none) == len(guess):
        raise ConfigError(
            f"no prompt leaves room in the context of {model.max_context} tokens (the shortest has about "
            f"{min(guess.values())})",
            remedy="serve the model with a longer context, or choose another protocol",
        )
    return found


def _request(problem: PlannedProblem, model: ServedModel, sampling: Sampling) -> GenerateRequest:
    prompt = Prompt.model_validate_json(problem.prompt or "")
    return GenerateRequest.of(prompt, model, sampling, seed=None)
