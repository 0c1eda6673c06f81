"""W11: workers of the version before and of this one serve one run, as in a cluster that is being upgraded.

The version before is this one's package under a lower number: there is no release yet whose workers could join.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import farm
from farm.queue.messages import WIRE_VERSION
from farm.queue.quarantine import Quarantine
from farm.queue.redis_keys import Keys
from farm.queue.workers import living_workers
from tests.faults.line.experiment import Experiment
from tests.support.experiments.scale import TIMEOUT_S, only_in_full
from tests.support.wait import wait_until

pytestmark = [pytest.mark.redis, pytest.mark.fault, pytest.mark.timeout(TIMEOUT_S), only_in_full]
OLD = "0.0.1"


def former(folder: Path, *, wire: int) -> Path:
    """A folder for PYTHONPATH with a farm of a lower version that speaks schema `wire`."""
    package = folder / "farm"
    shutil.copytree(Path(farm.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    changes = {
        "version.py": (f'__version__ = "{farm.__version__}"', f'__version__ = "{OLD}"'),
        "queue/messages.py": (f"WIRE_VERSION = {WIRE_VERSION}\n", f"WIRE_VERSION = {wire}\n"),
    }
    for name, (now, then) in changes.items():
        text = (package / name).read_text()
        assert text.count(now) == 1, name
        (package / name).write_text(text.replace(now, then))
    return folder


def versions(experiment: Experiment) -> set[str]:
    """What the workers say of themselves."""
    return {worker.version for worker in living_workers(experiment.cluster.redis.client(), Keys("farm:"))}


def test_w11_the_version_before_serves_while_it_speaks_the_same_schema(experiment: Experiment, tmp_path: Path) -> None:
    """Both judge, and the score is that of a run without either."""
    cluster = experiment.cluster
    old = cluster.worker("execute", "old", package=former(tmp_path / "old", wire=WIRE_VERSION))
    cluster.worker("generate", "g-old", slots=4, package=tmp_path / "old")
    assert versions(experiment) == {OLD}
    submit = experiment.start(seconds=20)
    experiment.nemesis.when(lambda: cluster.judged() > 0, "the version before has judged")
    cluster.worker("execute", "new")
    cluster.worker("generate", "g-new", slots=4)
    experiment.finish(submit)
    assert set(cluster.workers_that_judged()) == {"old", "new"}
    assert versions(experiment) == {OLD, farm.__version__}
    assert old.running


def test_w11_a_worker_of_another_schema_judges_nothing(experiment: Experiment, tmp_path: Path) -> None:
    """It hands back what it takes, the coordinator names it, and the run ends by the others' work."""
    cluster = experiment.cluster
    other = former(tmp_path / "other", wire=WIRE_VERSION - 1)
    old = cluster.worker("execute", "old", package=other)
    cluster.worker("generate", "g-old", slots=4, package=other)
    submit = experiment.start(seconds=20)
    submit.says(f"is of another version (VersionSkew): farm {OLD}, this is {farm.__version__}")
    quarantine = Quarantine(cluster.redis.client(), Keys("farm:"))
    wait_until(lambda: quarantine.refused() > 0, "the old worker refuses a job")
    assert cluster.judged() == 0
    cluster.worker("execute", "new")
    cluster.worker("generate", "g-new", slots=4)
    experiment.finish(submit)
    assert set(cluster.workers_that_judged()) == {"new"}
    assert old.running
