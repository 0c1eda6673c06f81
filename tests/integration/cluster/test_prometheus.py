"""The files in deploy/prometheus and deploy/grafana, asked of a real Prometheus that looks on while a run goes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.answers import ScriptedModel
from tests.support.cluster.site import KEYS, Site, running_site
from tests.support.data import ROOT
from tests.support.model_server import ModelServer
from tests.support.prometheus import Prometheus, running_prometheus
from tests.support.redis_server import free_port
from tests.support.wait import wait_until

pytestmark = [pytest.mark.redis, pytest.mark.timeout(400)]

PASSWORD = "a-password-of-this-test"
PROBLEMS = ("farm_add", "farm_echo", "farm_reverse")
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "dashboards" / "farm.json").read_text())
# Valid expressions that have no series in a run without trouble
OF_TROUBLE = ("farm_unjudged_total", "farm_run_events_total", 'outcome!="ok"')
OF_THE_HOST = {"FarmExporterDown", "FarmDiskFull"}  # when it is busy, or nearly full


@dataclass
class Seen:
    """What Prometheus said before the run could go on, and the site with its run at the end."""

    site: Site
    prometheus: Prometheus
    server: str
    waiting: int = 0  # queues of programs without a worker
    rang: frozenset[str] = frozenset()  # then


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """A run of which all programs wait, until an execute worker comes."""
    folder = tmp_path_factory.mktemp("prometheus")
    password = folder / "web-password"
    password.write_text(f"{PASSWORD}\n")
    exporter = f"127.0.0.1:{free_port()}"
    with (
        running_site(folder) as site,
        ModelServer(answer=ScriptedModel(PROBLEMS).answer, model="meta-llama/Llama-3.2-3B-Instruct") as server,
        running_prometheus(folder / "files", exporter, password) as prometheus,
    ):
        site.redis.client().config_set("maxmemory", "256mb")
        site.farm("exporter", "--listen", exporter, FARM_WEB_PASSWORD_FILE=str(password))
        site.farm("worker", "generate", "--name", "g", "--slots", "4")
        site.joined("g")
        wait_until(lambda: _up(prometheus), "Prometheus scrapes the exporter", timeout_s=100)
        run = site.farm(
            "submit", "--model", "Llama-3.2-3B-Instruct", "--device", "n300", "--server-url", server.url,
            "--dataset", "sample", "--ids", ",".join(PROBLEMS), "--n", "2", "--run-id", "run-1",
        )  # fmt: skip
        yes = Seen(site, prometheus, server.url)
        wait_until(lambda: "FarmNoExecuteWorker" in prometheus.alerts("firing"), "that alert fires", timeout_s=100)
        yes.waiting = len(prometheus.query('max_over_time(farm_queue_depth{queue="execute"}[5m]) >= 1'))
        yes.rang = frozenset(prometheus.alerts("firing"))
        site.redis.client().lpush(KEYS.queue("execute"), "no message of ours")
        site.farm("worker", "execute", "--name", "e", "--slots", "1")
        run.ok(200)
        prometheus.becomes('farm_samples{run="run-1",state="judged"}', 6)
        wait_until(
            lambda: "FarmNoExecuteWorker" not in prometheus.alerts("firing"), "that alert has ended", timeout_s=60
        )
        yield yes


def _up(prometheus: Prometheus) -> bool:
    return [series["value"][1] for series in prometheus.query('up{job="farm"}')] == ["1"]


def expressions() -> list[str]:
    """Of the dashboard, with all runs chosen."""
    return [
        target["expr"].replace("$run", ".*") for panel in DASHBOARD["panels"] for target in panel.get("targets", [])
    ]


def test_numbers_are_those_of_the_run(seen: Seen) -> None:
    for expression, value in (
        ('farm_samples{run="run-1",state="judged"}', 6),
        ("sum(farm_verdicts_total)", 6),
        ('farm_run_state{run="run-1",state="complete"}', 1),
        ('farm_worker_slots{role="execute",state="idle"}', 1),
        (f'sum(farm_generate_seconds_count{{server="{seen.server}"}})', 6),
    ):
        seen.prometheus.becomes(expression, value)
    assert DASHBOARD["templating"]["list"][0]["query"] == "label_values(farm_samples, run)"
    assert seen.prometheus.ask("label/run/values", **{"match[]": "farm_samples"}) == ["run-1"]


def test_the_alert_rang_while_programs_waited_for_nobody(seen: Seen) -> None:
    assert seen.waiting == 1
    assert seen.rang - OF_THE_HOST == {"FarmNoExecuteWorker"}


def test_a_message_that_was_refused_rings_at_once(seen: Seen) -> None:
    """Also the first that this Redis ever saw: a counter that begins with one would never have grown."""
    wait_until(lambda: "FarmMessagesRefused" in seen.prometheus.alerts("firing"), "the alert fires", timeout_s=60)
    seen.prometheus.becomes('farm_quarantined_total{reason="refused"}', 1)


def test_every_rule_is_evaluated_and_none_fails(seen: Seen) -> None:
    def rules() -> list[dict[str, Any]]:
        [group] = seen.prometheus.ask("rules")["groups"]
        found: list[dict[str, Any]] = group["rules"]
        return found

    wait_until(lambda: all(rule["lastEvaluation"] > "0002" for rule in rules()), "all were evaluated", timeout_s=60)
    assert {rule["health"] for rule in rules()} == {"ok"}, [rule.get("lastError") for rule in rules()]
    written = re.findall(r"alert: (\w+)", (ROOT / "deploy" / "prometheus" / "alerts.yml").read_text())
    assert [rule["name"] for rule in rules()] == written and len(written) > 10


@pytest.mark.parametrize("expression", expressions())
def test_an_expression_of_the_dashboard_has_an_answer(seen: Seen, expression: str) -> None:
    ask = seen.prometheus.query
    ask(expression)  # which fails for one that is malformed
    if not any(part in expression for part in OF_TROUBLE):  # a rate wants two looks
        wait_until(lambda: ask(expression) != [], "there are metrics of that name", timeout_s=30)
    known = seen.prometheus.ask("metadata")
    for name in re.findall(r"\bfarm_\w+", expression):
        assert re.sub(r"_(bucket|total)$", "", name) in known or name in known, name
