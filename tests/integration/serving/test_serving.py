"""Whole runs against model servers that fail in every way that reliability's S experiments name.

What must hold: the run ends by itself, or pauses and says what to do; no sample has a verdict that it does
not deserve. What the client alone must do is in test_inference_client.py; experiments that take longer are
in tests/faults/serving.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import get_args

import pytest

from farm.ids import sample_seed
from farm.inference.readiness import PROBE_TOKENS
from tests.support.cluster.serving import ServingFarm, serving_farm
from tests.support.model_server import Fault, Kind, Link, Quota
from tests.support.wait import wait_until

pytestmark = [pytest.mark.redis, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServingFarm]:
    with serving_farm(tmp_path_factory.mktemp("serving")) as made:
        yield made


def test_a_burst_of_server_errors_costs_no_sample(farm: ServingFarm) -> None:  # S1
    burst = [None] * 5 + [Fault(status=status) for status in (500, 502, 503)] * 4
    with farm.server(faults=burst) as server:
        run = farm.submit(server, more=("--stop", "###", "--stop", "THE END"))
        run.finish()
        asked = run.asked(server)
        assert asked.keys() == run.seeds() and len(asked) == 24, "each sample has its own seed"
        assert sum(asked.values()) == 24 + 12
        assert all(body["stop"] == ["###", "THE END"] for body in server.bodies if body.get("seed") in asked)
        assert run.report()["telemetry"]["counters"]["retries"] == 12


def test_what_is_no_answer_becomes_no_verdict(farm: ServingFarm) -> None:  # S7, S9
    kinds: tuple[Kind, ...] = (
        "truncated_json", "html", "empty", "wrong_schema", "no_choices", "null_content", "two_choices", "tool_calls",
    )  # fmt: skip
    with farm.server(faults=[None] * 3 + [Fault(kind) for kind in kinds]) as server:
        run = farm.submit(server)
        run.finish()
        assert sum(run.asked(server).values()) == 24 + len(kinds)


def test_a_server_that_is_killed_and_comes_back(farm: ServingFarm) -> None:  # S3
    with farm.server(decode_s=0.02) as server:
        run = farm.submit(server, n=8)
        wait_until(lambda: run.completed() > 3, "some answers are there", timeout_s=100)
        server.crash()
        wait_until(lambda: farm.slots.look([server.url])[0].sick, "it is known to be down", timeout_s=100)
        recorded = {s.key for s in run.states() if s.completed}
        server.revive()
        run.finish()
        assert not farm.slots.look([server.url])[0].sick
        asked = run.asked(server)
        assert all(asked[sample_seed(42, key.problem_id, key.index)] == 1 for key in recorded)  # S17


def test_a_token_that_is_refused_at_the_start(farm: ServingFarm) -> None:  # S14
    with farm.server() as server:
        server.token = "another"
        run = farm.submit(server)
        assert run.process.wait() == 2
        assert "VLLM_API_KEY" in run.process.stderr and "401" in run.process.stderr


def test_a_prompt_over_the_context_is_that_samples_own_outcome(farm: ServingFarm) -> None:  # S15
    def too_long(number: int, body: dict[str, object]) -> Fault | None:
        if "even" not in str(body["messages"]).lower():
            return None
        return Fault(status=400, body='{"message": "This model\'s maximum context length is 10 tokens", "code": 400}')

    with farm.server(faults=too_long) as server:
        run = farm.submit(server)
        assert run.process.wait(200) == 3
        assert run.report()["status"] == "INCOMPLETE"
        unjudged = {s.key.problem_id for s in run.states() if s.unjudged}
        judged = {s.key.problem_id for s in run.states() if s.verdict}
        assert unjudged == {"farm_even_odd"} and len(judged) == 5
        assert max(run.asked(server).values()) == 1, "what cannot heal is not tried again"


def test_a_full_server_gets_no_probe_of_another_run(farm: ServingFarm) -> None:
    with farm.server(decode_s=0.02) as server:
        farm.slots.set_limit(server.url, 2)
        first = farm.submit(server)
        wait_until(lambda: server.running == 2, "the server is full", timeout_s=100)
        second = farm.submit(server, n=1)
        first.finish()
        second.finish()
        assert server.max_in_flight == 2
        farm.slots.set_limit(server.url, None)


def test_links_that_misbehave_cost_neither_a_sample_nor_a_request(farm: ServingFarm) -> None:
    with farm.server(links=get_args(Link)) as server:
        run = farm.submit(server)
        run.finish()
        asked = run.asked(server)
        assert set(asked.values()) == {1} and len(asked) == 24
        notes = run.report()["telemetry"]["answers"]
        assert 0 < notes["unstated"] < 24, "answers without a finish reason are counted"
        assert "without a finish reason" in run.process.stdout


def test_a_run_whose_first_requests_all_fail_alike_pauses_with_the_servers_words(farm: ServingFarm) -> None:
    def refused(number: int, body: dict[str, object]) -> Fault | None:
        words = '{"error": {"message": "frobnication is not supported"}}'
        return None if body["max_tokens"] == PROBE_TOKENS else Fault(status=400, body=words)

    with farm.server(faults=refused) as server:
        run = farm.submit(server, n=16)
        assert run.process.wait(200) == 3
        assert "failed alike" in run.process.stderr and "frobnication is not supported" in run.process.stderr
        assert sum(run.asked(server).values()) < 96, "what was out already, and not all of them"
        server.faults = ()
        run.resume().ok(200)
        run.check_score()


def test_a_field_that_the_server_refuses_is_refused_before_the_run(farm: ServingFarm) -> None:
    def refused(number: int, body: dict[str, object]) -> Fault | None:
        return Fault(status=400, body='{"message": "seed is not supported"}') if "seed" in body else None

    with farm.server(faults=refused) as server:
        run = farm.submit(server)
        assert run.process.wait(200) == 2
        assert "seed is not supported" in run.process.stderr
        assert not run.states()


def test_a_rate_limit_without_retry_after_costs_few_requests_and_no_sample(farm: ServingFarm) -> None:
    quota = Quota(requests=5, seconds=6.0)
    with farm.server(quota=quota) as server:
        run = farm.submit(server, n=3)
        run.finish()
        asked = sum(run.asked(server).values())
        assert asked <= 2 * 18, f"{asked} requests for 18 samples"


def test_a_server_that_is_away_for_a_while_costs_no_sample(farm: ServingFarm) -> None:
    """However many requests the outage meets: how many are under way when it begins depends on the host."""
    back, refused = threading.Event(), []

    def away(number: int, body: dict[str, object]) -> Fault | None:
        if number < 4 or back.is_set():
            return None
        refused.append(number)
        return Fault(status=(502, 503, 504)[number % 3])

    with farm.server(faults=away) as server:
        run = farm.submit(server, n=3)
        wait_until(lambda: len(refused) >= 4, what="four refused requests")
        back.set()
        run.finish()
        assert sum(run.asked(server).values()) == 18 + len(refused) <= 2 * 18


@pytest.mark.parametrize("words", ["abort", "error", "insufficient_system_resource", ""])
def test_an_answer_that_the_server_broke_off_is_asked_for_again(farm: ServingFarm, words: str) -> None:
    broken = Fault("finish", message=words) if words else Fault("cut_blank")
    with farm.server(faults=[None] * 3 + [broken] * 4) as server:
        run = farm.submit(server)
        run.finish()
        assert sum(run.asked(server).values()) == 24 + 4


def test_a_403_beside_accepted_requests_is_that_samples_own_outcome(farm: ServingFarm) -> None:
    def forbidden(number: int, body: dict[str, object]) -> Fault | None:
        return Fault(status=403, body='{"message": "policy"}') if "even" in str(body["messages"]).lower() else None

    with farm.server(faults=forbidden) as server:
        run = farm.submit(server)
        assert run.process.wait(200) == 3
        assert {s.key.problem_id for s in run.states() if s.unjudged} == {"farm_even_odd"}
        assert "would again" in run.process.stderr, "a resume is not what helps"
        again = run.resume()
        assert again.wait(200) == 3
        assert "paused" not in again.stderr.lower()


def test_a_filtered_answer_has_no_verdict_and_is_shown_by_name(farm: ServingFarm) -> None:
    def filtered(number: int, body: dict[str, object]) -> Fault | None:
        return Fault("finish", message="content_filter") if "even" in str(body["messages"]).lower() else None

    with farm.server(faults=filtered) as server:
        run = farm.submit(server)
        assert run.process.wait(200) == 3
        assert max(run.asked(server).values()) == 1
        assert any("content_filter" in reason for reason in run.report()["coverage"]["unjudged_reasons"])


def test_a_spent_quota_pauses_the_run_and_fails_no_sample(farm: ServingFarm) -> None:
    spent = Quota(requests=8, seconds=1e6, body='{"error": {"code": "insufficient_quota", "message": "billing"}}')
    with farm.server(quota=spent) as server:
        run = farm.submit(server)
        assert run.process.wait(200) == 3
        assert "insufficient_quota" in run.process.stderr and "quota of the key" in run.process.stderr
        assert not [s for s in run.states() if s.unjudged]
        server.quota = None
        run.resume().ok(200)
        run.check_score()
