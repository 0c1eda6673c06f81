"""The longer S experiments: whole runs against servers that break, lie, are slow, move or die.

The short ones are in tests/integration/serving/test_serving.py, what the client alone must do in
test_inference_client.py, hangs in test_stalls.py, an expired key in test_cluster.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import cast

import pytest

from farm.ids import sample_seed
from tests.support.cluster.serving import ServingFarm, serving_farm
from tests.support.experiments.scale import only_in_full
from tests.support.model_server import Fault
from tests.support.wait import wait_until

pytestmark = [pytest.mark.redis, pytest.mark.fault, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServingFarm]:
    with serving_farm(tmp_path_factory.mktemp("servers")) as made:
        yield made


def test_two_servers_of_which_one_dies(farm: ServingFarm) -> None:
    with farm.server(decode_s=0.02) as one, farm.server(decode_s=0.02) as two:
        run = farm.submit(one, two, n=8)
        wait_until(lambda: one.answered > 3 and two.answered > 3, "both are at work", timeout_s=100)
        one.crash()
        run.finish()
        asked = run.asked(one, two)
        assert set(asked) == run.seeds() and max(asked.values()) <= 2
        served = {row["url"]: row["samples"] for row in run.report()["telemetry"]["servers"]}
        assert served.keys() == {one.url, two.url} and sum(served.values()) == 48
        assert farm.slots.look([one.url])[0].sick and not farm.slots.look([two.url])[0].sick


@only_in_full
def test_two_servers_of_which_one_hangs(farm: ServingFarm) -> None:
    with farm.server(decode_s=0.02) as one, farm.server(decode_s=0.02) as two:
        run = farm.submit(one, two, n=8, more=("--stall-timeout", "5"))
        wait_until(lambda: one.answered > 3 and two.answered > 3, "both are at work", timeout_s=100)
        one.freeze()
        run.finish(400)
        assert two.aborted == 0


@only_in_full
def test_a_name_that_does_not_resolve_beside_a_good_server(farm: ServingFarm) -> None:  # S4
    with farm.server() as server:
        run = farm.submit(server, more=("--server-url", "http://no-such-host.invalid:8000"))
        run.finish()
        assert "the run begins without one of its servers" in run.process.stderr


@only_in_full
def test_broken_connections_rate_limits_and_bombs_cost_no_sample(farm: ServingFarm) -> None:  # S2, S5, S11
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=1))
    faults: list[Fault | None] = [
        Fault("rst"), Fault("rst_body"), Fault("cut"), Fault("cut_stream"), Fault("gzip_bomb"),
        Fault("stream_error", status=503), Fault(status=429, headers={"Retry_After": "1"}),
        Fault(status=429, headers={"Retry_After": soon}), Fault(status=429, headers={"Retry_After": "-7"}),
    ]  # fmt: skip
    with farm.server(faults=[None, *faults]) as server:
        run = farm.submit(server)
        run.finish()
        assert sum(run.asked(server).values()) == 24 + len(faults)


@only_in_full
def test_headers_without_end_and_a_body_that_drips_end_with_the_deadline(farm: ServingFarm) -> None:  # S6
    with farm.server(faults=[None, Fault("slow_headers"), Fault("hang_body"), Fault("pings")]) as server:
        run = farm.submit(server, more=("--request-timeout", "10"))
        run.finish()
        assert sum(run.asked(server).values()) == 24 + 3


@only_in_full
def test_an_answer_that_is_cut_short_is_judged_and_counted(farm: ServingFarm) -> None:  # S8
    with farm.server() as server:
        run = farm.submit(server, n=1, more=("--max-tokens", "3"))
        run.process.ok(200)
        report = run.report()
        assert report["truncated"] == 6 and report["verdicts"] == {"NO_CODE": 6}


@only_in_full
def test_an_answer_of_ten_megabytes_is_judged(farm: ServingFarm) -> None:  # S10
    with farm.server(faults=[None, Fault("huge", size=11 << 20)]) as server:
        run = farm.submit(server, n=1, more=("--max-tokens", "20000"))
        run.process.ok(200)
        assert run.report()["verdicts"]["NO_CODE"] == 1


@only_in_full
def test_a_redirect_is_that_samples_own_outcome_and_takes_no_token_along(farm: ServingFarm) -> None:  # S12
    with farm.server() as elsewhere:
        away = Fault(status=307, headers={"Location": f"{elsewhere.url}/v1/chat/completions"})
        with farm.server(faults=[None, away]) as server:
            run = farm.submit(server, n=1)
            assert run.process.wait(200) == 3
            assert [state.unjudged is None for state in run.states()].count(False) == 1
        assert elsewhere.paths == []


@only_in_full
def test_texts_of_any_content_change_no_verdict(farm: ServingFarm) -> None:  # S13
    ugly = "\ufefflone \udfff nul \x00 \r\n right-to-left \u202e\n"

    def answer(prompt: str, seed: int) -> str:
        text = farm.model.answer(prompt, seed)
        return text if text == "ready" else ugly + text

    with farm.server() as server:
        server.answer = answer
        farm.submit(server).finish()


@only_in_full
def test_a_server_that_comes_back_with_another_model_pauses_the_run(farm: ServingFarm) -> None:  # S15, S16
    with farm.server(decode_s=0.02) as server:
        run = farm.submit(server, n=8)
        wait_until(lambda: run.completed() > 3, "some answers are there", timeout_s=100)
        server.crash()
        server.model = "another/model"
        server.revive()
        assert run.process.wait(200) == 3
        assert "ModelNotFound" in run.process.stderr and "farm resume" in run.process.stderr
        recorded = {state.key for state in run.states() if state.completed}
        assert all(state.unjudged is None for state in run.states())
        server.model = "meta-llama/Llama-3.2-3B-Instruct"
        run.resume().ok(200)
        run.check_score()
        asked = run.asked(server)
        assert all(asked[sample_seed(42, key.problem_id, key.index)] == 1 for key in recorded)  # S17


@only_in_full
def test_a_key_that_is_renewed_while_the_run_is_paused(farm: ServingFarm) -> None:  # S14
    with farm.server(decode_s=0.02) as server:
        run = farm.submit(server, n=8)
        wait_until(lambda: run.completed() > 3, "some answers are there", timeout_s=100)
        server.token = "expired-since"
        assert run.process.wait(200) == 3
        assert "AuthRejected" in run.process.stderr and "check VLLM_API_KEY" in run.process.stderr
        assert all(state.unjudged is None for state in run.states())
        assert run.resume().wait(100) == 2, "not before the key is right"
        server.token = "serving-canary-51aa"
        run.resume().ok(200)
        run.check_score()


@only_in_full
def test_two_runs_share_a_server(farm: ServingFarm) -> None:
    with farm.server(decode_s=0.02) as server:
        farm.slots.set_limit(server.url, 8)
        first = farm.submit(server, n=12)
        wait_until(lambda: first.completed() > 4, "the first is under way", timeout_s=100)
        server.freeze()  # until the second is in line, however long it takes to start
        second = farm.submit(server, n=4)
        line = farm.redis.client()

        def in_line() -> bool:
            names = cast(list[bytes], line.hkeys("farm:admission:tickets"))
            return sum(name.startswith(f"{second.run_id}|".encode()) for name in names) > 8

        wait_until(in_line, "the second waits for slots", timeout_s=100)
        server.decode_s = 0.1
        server.thaw()

        def both_have_half() -> bool:
            by_run = farm.slots.look([server.url])[0].by_run
            return by_run.get(first.run_id) == by_run.get(second.run_id) == 4

        wait_until(both_have_half, "each has half of the slots", timeout_s=100)
        first.finish()
        second.finish()
        assert server.max_in_flight <= 8
        farm.slots.set_limit(server.url, None)
