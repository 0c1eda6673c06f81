"""One experiment: a cluster, what is done to it, and what must hold in the end."""

from __future__ import annotations

from dataclasses import dataclass

from farm.benchmarks.sample import sample_path
from farm.datasets.reader import read_problems
from tests.support.cluster.cluster import Cluster
from tests.support.experiments.history import History
from tests.support.experiments.invariants import check_all, ended
from tests.support.experiments.nemesis import Nemesis
from tests.support.experiments.scale import size
from tests.support.farm_process import FarmProcess

RESUMES = 5
BOUND_S = size(900, 300)  # in which a run ends, on a machine that is busy with other things


def plan() -> tuple[tuple[str, ...], int]:
    """The problems of the scripted run and the samples of each."""
    problems = tuple(problem.problem_id for problem in read_problems(sample_path()))
    return problems[: size(20, 10)], size(5, 4)


@dataclass
class Experiment:
    """The scripted run, in the hands of a nemesis."""

    cluster: Cluster
    nemesis: Nemesis
    digest: str

    def start(self, *, seconds: float, generate_slots: int = 4) -> FarmProcess:
        """Submit the run; the model server needs so many seconds for all its samples."""
        samples = len(self.cluster.problems) * self.cluster.n
        self.cluster.server.prefill_s = seconds * generate_slots / samples
        return self.cluster.submit()

    def slow_down(self, cpu_s: float) -> None:
        """From now on each program burns CPU first, and gets its verdict all the same.

        Its text is longer, and tokens are part of the digest: the digest of the run in peace does not apply.
        """
        self.digest = ""
        honest = self.cluster.model.answer
        burn = f"import time\nwhile time.process_time() < {cpu_s}: pass\n"

        def answer(prompt: str, seed: int) -> str:
            return honest(prompt, seed).replace("```python\n", f"```python\n{burn}", 1)

        self.cluster.server.answer = answer

    def finish(self, submit: FarmProcess, *, bound_s: float = BOUND_S, coordinator_killed: bool = False) -> History:
        """I5: the run ends in time, or it says why not and `farm resume` completes it; then all other invariants."""
        code = ended(submit, bound_s)
        for _ in range(RESUMES):
            if code == 0:
                break
            assert code == 3, f"exit code {code}:\n{submit.stderr[-3000:]}"
            self.nemesis.note(f"farm resume, after: {submit.stderr.strip().splitlines()[-1]}")
            code = ended(self.cluster.resume(), bound_s)
        assert code == 0, "it does not end, however often it is resumed"
        history = check_all(self.cluster, digest=self.digest, coordinator_killed=coordinator_killed)
        self.nemesis.note(str(history))
        return history
