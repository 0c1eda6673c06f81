"""A run that asks again for the programs that failed in another run, each with what went wrong.

The samples are those of the source, one by one. What passed there is taken over as it is; what failed is asked for
again, each sample with its own prompt. So pass@k is that of the model with one repair, as in LiveCodeBench.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from farm.benchmarks.livecodebench.self_repair import SELF_REPAIR, check_text, question_in, repair_prompt
from farm.datasets.store import BlobStore
from farm.errors import ConfigError, RunIncomplete
from farm.ids import canonical_json
from farm.ledger import history
from farm.ledger.ledger import Ledger, PlannedProblem, RunRow
from farm.protocols import extract_program, get
from farm.records import Prompt, Repairs, RunSpec, SampleKey, SampleResult, StoredCompletion, Suite
from farm.scoring.passk import default_ks
from farm.text import decode


def plan_repair(ledger: Ledger, run_id: str, source: RunRow, store: BlobStore, *, servers: tuple[str, ...]) -> RunSpec:
    """Record the run. ConfigError for a source that has no questions of LiveCodeBench, RunIncomplete for one that is
    not judged whole."""
    spec = source.spec
    if not spec.generates or not spec.judged or spec.judge.mode == "asserts":
        raise ConfigError(
            f"run {source.run_id} did not ask LiveCodeBench's questions", remedy="repair a run of farm submit"
        )
    results = {result.key: result for result in history.results(ledger, source.run_id)}
    problems = {row.problem_id: row for row in history.problems(ledger, source.run_id)}
    keys = [state.key for state in history.sample_states(ledger, source.run_id)]
    if any(key not in results for key in keys):
        raise RunIncomplete(
            f"run {source.run_id} has samples that are not judged", remedy=f"first: farm resume {source.run_id}"
        )
    prompts: dict[str, Prompt] = {}
    kept: list[StoredCompletion] = []
    for key in keys:
        stored = history.completion(ledger, source.run_id, key)
        if results[key].passed:
            kept.append(stored)
        else:
            text = decode(stored.text)
            prompts[str(key)] = _prompt(spec, problems[key.problem_id], text, results[key], store)
    blob = canonical_json({name: prompt.model_dump(mode="json") for name, prompt in prompts.items()})
    sampling = SELF_REPAIR.sampling.model_copy(update={"n": spec.sampling.n, "seed": spec.sampling.seed})
    repaired = RunSpec(
        **{
            **dict(spec),
            "servers": servers,
            "protocol": SELF_REPAIR.ident,
            "protocol_digest": SELF_REPAIR.digest(),
            "sampling": sampling,
            "judge": SELF_REPAIR.judge.model_copy(update={"runtime": spec.judge.runtime}),
            "ks": tuple(default_ks(sampling.n)),
            "references": (),
            "harness": None,
            "repairs": Repairs(run_id=source.run_id, prompts=store.put(blob), failed=len(prompts)),
        }
    )
    ledger.create_run(run_id, repaired, problems.values(), keys, kept)
    return repaired


def repair_prompts(spec: RunSpec, load: Callable[[str], bytes]) -> dict[SampleKey, bytes]:
    """The prompt of each sample that is asked for again, as JSON. `load` gives a stored value."""
    if spec.repairs is None:
        return {}
    loaded = json.loads(load(spec.repairs.prompts))
    return {
        SampleKey.parse(name): Prompt.model_validate_json(json.dumps(value)).to_json() for name, value in loaded.items()
    }


def _prompt(spec: RunSpec, row: PlannedProblem, answer: str, result: SampleResult, store: BlobStore) -> Prompt:
    question = None if row.prompt is None else question_in(get(spec.protocol), Prompt.model_validate_json(row.prompt))
    if question is None:
        raise ConfigError(f"problem {row.problem_id} was not asked as LiveCodeBench asks: no question to repair")
    suite = Suite.model_validate_json(store.get(row.suite_digest))
    code = extract_program(get(spec.protocol), answer)
    return repair_prompt(question, code, check_text(result, suite))
