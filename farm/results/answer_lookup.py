"""What a run's rows say of its answers, for the cautions of its report.

Only answers that failed in a way that may not be the model's are read: a run may have gigabytes of them.
"""

from __future__ import annotations

from farm.errors import ConfigError
from farm.ids import sha256_hex
from farm.ledger import history
from farm.ledger.ledger import Ledger
from farm.protocols import Protocol, get
from farm.protocols.answer_flaws import ended_by, flaw_of, goes_on, may_be_flawed
from farm.records import Completion, GenerateTelemetry, Prompt, RunSpec, Verdict
from farm.scoring.answer_notes import AnswerFacts
from farm.text import decode, one_line

EMPTY = sha256_hex(b"")
BEGINNING = 80  # characters of an answer that a report shows


class AnswerLookup:
    """The answers of one run."""

    def __init__(self, ledger: Ledger, run_id: str, spec: RunSpec) -> None:
        self._ledger, self._run_id, self._spec = ledger, run_id, spec
        try:
            self._protocol: Protocol | None = get(spec.protocol)
        except ConfigError:  # of a plug-in that is not installed here: nothing is known of its rules
            self._protocol = None
        self._prompts: dict[str, str] | None = None

    def facts(self, completion: Completion, telemetry: GenerateTelemetry, verdict: Verdict | None) -> AnswerFacts:
        """What is known of one answer. LedgerCorrupt if it is not what was recorded."""
        stop = ended_by(telemetry, self._spec.sampling.stop)
        text = flaw = None
        if self._protocol is not None and verdict is not None and may_be_flawed(self._protocol, verdict):
            text = decode(history.completion(self._ledger, self._run_id, completion.key).text)
            begun = self._begun(completion.problem_id) if goes_on(self._protocol) else ""
            flaw = flaw_of(self._protocol, self._spec.sampling.stop, completion, text, verdict, stop=stop, begun=begun)
        return AnswerFacts(
            problem_id=completion.problem_id,
            finish_reason=completion.finish_reason,
            digest=f"{completion.text_sha256}/{completion.reasoning_sha256 or ''}",
            empty=completion.text_sha256 == EMPTY or (text is not None and not text.strip()),
            stop=stop,
            flaw=flaw,
            thought=completion.thought,
            should_think=self._protocol is not None and bool(self._protocol.thinking),
            beginning="" if text is None or flaw is None else one_line(text.strip(), BEGINNING),
        )

    def _begun(self, problem_id: str) -> str:
        """The text of a problem's prompt, which ends with what the answer is to continue."""
        if self._prompts is None:
            self._prompts = {
                row.problem_id: "\n".join(m.content for m in Prompt.model_validate_json(row.prompt).messages)
                for row in history.problems(self._ledger, self._run_id)
                if row.prompt is not None
            }
        return self._prompts.get(problem_id, "")
