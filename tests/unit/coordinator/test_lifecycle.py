"""The state machine, step by step. How it fares under a bad broker: tests/simulation."""

from __future__ import annotations

import pytest

from farm.coordinator.events import (
    AttemptFailed,
    Command,
    Completed,
    Condemn,
    GiveUp,
    Judged,
    Pause,
    Returned,
    Scored,
    Send,
    Vanished,
    Waits,
)
from farm.coordinator.lifecycle import Lifecycle
from farm.records import ALL_SAMPLES, SampleKey
from farm.records.phases import Phase, Stage

A, B, C = (SampleKey("p", i) for i in range(3))
G, X, S = Stage.GENERATE, Stage.EXECUTE, Stage.SCORE


def started(*keys: SampleKey, window: int = 10, phase: Phase = Phase.PLANNED) -> tuple[Lifecycle, list[Command]]:
    lifecycle = Lifecycle(windows={G: window, X: window})
    return lifecycle, lifecycle.start((key, phase, {}) for key in keys)


def test_a_sample_goes_from_plan_to_verdict() -> None:
    lifecycle, commands = started(A)
    assert commands == [Send(A, G, 1)]
    assert lifecycle.handle(Completed(A)) == [Send(A, X, 1)]
    assert lifecycle.handle(Judged(A)) == []
    assert lifecycle.done and not any(lifecycle.outstanding(stage) for stage in Stage)


def test_where_nothing_is_judged_a_completion_is_the_end() -> None:
    lifecycle = Lifecycle(windows={G: 2, X: 2}, after_completion=None)
    known: list[tuple[SampleKey, Phase, dict[Stage, int]]]
    known = [(A, Phase.COMPLETED, {}), (B, Phase.PLANNED, {}), (C, Phase.PLANNED, {})]
    assert lifecycle.start((key, phase, failures) for key, phase, failures in known) == [Send(B, G, 1), Send(C, G, 1)]
    assert lifecycle.handle(Completed(B)) == [] and not lifecycle.done
    assert lifecycle.handle(Completed(C)) == [] and lifecycle.done
    assert lifecycle.handle(Completed(C)) == []


def to_score(*known: tuple[SampleKey, Phase], scoring: int = 0) -> tuple[Lifecycle, list[Command]]:
    lifecycle = Lifecycle(windows={G: 9, X: 9}, after_completion=S)
    return lifecycle, lifecycle.start(((key, phase, {}) for key, phase in known), scoring=scoring)


def test_one_job_scores_all_samples_once_the_last_is_completed() -> None:
    lifecycle, commands = to_score((A, Phase.COMPLETED), (B, Phase.PLANNED))
    assert commands == [Send(B, G, 1)]
    assert lifecycle.handle(Completed(B)) == [Send(ALL_SAMPLES, S, 1)]
    assert lifecycle.counts()[Phase.SCORING] == 2 and lifecycle.outstanding(S) == {ALL_SAMPLES: 1}
    assert lifecycle.handle(Scored()) == [] and lifecycle.done
    assert lifecycle.handle(Scored()) == [] and lifecycle.counts()[Phase.JUDGED] == 2


def test_a_lost_score_job_is_sent_again_and_costs_no_attempt() -> None:
    lifecycle, commands = to_score((A, Phase.COMPLETED))
    assert commands == lifecycle.handle(Vanished(ALL_SAMPLES, S)) == [Send(ALL_SAMPLES, S, 1)]
    assert lifecycle.handle(AttemptFailed(ALL_SAMPLES, S, 1, "worker_lost: w")) == [Send(ALL_SAMPLES, S, 2)]
    assert lifecycle.handle(AttemptFailed(ALL_SAMPLES, S, 1, "worker_lost: w")) == [], "the echo of an older attempt"


@pytest.mark.parametrize(("attempts", "final", "told"), [(1, True, "bad"), (3, False, "bad (attempt 3 of 3)")])
def test_a_score_that_fails_for_good_pauses_the_run_and_keeps_its_samples(
    attempts: int, final: bool, told: str
) -> None:
    lifecycle, _ = to_score((A, Phase.COMPLETED), (B, Phase.COMPLETED))
    for attempt in range(1, attempts + 1):
        commands = lifecycle.handle(AttemptFailed(ALL_SAMPLES, S, attempt, "bad", final))
    assert commands == [] and lifecycle.paused == told and not lifecycle.done
    assert lifecycle.counts()[Phase.COMPLETED] == 2


def test_a_run_with_gaps_is_not_scored() -> None:
    lifecycle, commands = to_score((A, Phase.COMPLETED), (B, Phase.UNJUDGED), scoring=1)
    assert commands == [] and lifecycle.done
    assert lifecycle.handle(Completed(B)) == [Send(ALL_SAMPLES, S, 1)], "an answer came late"


def test_a_score_job_that_a_worker_has_from_an_earlier_coordinator_is_awaited() -> None:
    lifecycle, commands = to_score((A, Phase.COMPLETED), scoring=2)
    assert commands == [] and lifecycle.outstanding(S) == {ALL_SAMPLES: 2}
    assert lifecycle.handle(AttemptFailed(ALL_SAMPLES, S, 2, "worker_lost: w")) == [Send(ALL_SAMPLES, S, 3)]


def test_a_paused_run_sends_no_score_job() -> None:
    lifecycle, _ = to_score((A, Phase.PLANNED))
    lifecycle.handle(Pause("cancelled"))
    assert lifecycle.handle(Completed(A)) == [] and not lifecycle.outstanding(S)


def test_execution_overlaps_generation() -> None:
    lifecycle, _ = started(A, B)
    assert lifecycle.handle(Completed(A)) == [Send(A, X, 1)]
    assert lifecycle.counts()[Phase.GENERATING] == 1


def test_the_window_is_kept_full_and_never_exceeded() -> None:
    lifecycle, commands = started(A, B, C, window=2)
    assert commands == [Send(A, G, 1), Send(B, G, 1)]
    assert lifecycle.handle(Completed(B)) == [Send(C, G, 1), Send(B, X, 1)]


def test_a_failed_attempt_is_sent_again_until_the_cap() -> None:
    lifecycle, _ = started(A)
    assert lifecycle.handle(AttemptFailed(A, G, 1, "reset")) == [Send(A, G, 2)]
    assert lifecycle.handle(AttemptFailed(A, G, 2, "reset")) == [Send(A, G, 3)]
    assert lifecycle.handle(AttemptFailed(A, G, 3, "reset")) == [GiveUp(A, G, "reset (attempt 3 of 3)")]
    assert lifecycle.done and lifecycle.counts()[Phase.UNJUDGED] == 1


def test_a_final_failure_gives_up_at_once_and_touches_no_other_sample() -> None:
    lifecycle, _ = started(A, B)
    assert lifecycle.handle(AttemptFailed(A, G, 1, "prompt too long", final=True)) == [GiveUp(A, G, "prompt too long")]
    assert lifecycle.is_outstanding(B, G)


def test_the_echo_of_an_older_attempt_costs_nothing() -> None:
    lifecycle, _ = started(A)
    lifecycle.handle(AttemptFailed(A, G, 1, "lost"))
    assert lifecycle.handle(AttemptFailed(A, G, 1, "late echo")) == []
    assert lifecycle.outstanding(G) == {A: 2}


def test_vanished_work_is_sent_again_without_costing_an_attempt() -> None:
    lifecycle, _ = started(A)
    for _ in range(10):
        assert lifecycle.handle(Vanished(A, G)) == [Send(A, G, 1)]


def test_late_and_repeated_answers_change_nothing() -> None:
    lifecycle, _ = started(A)
    lifecycle.handle(Completed(A))
    assert lifecycle.handle(Completed(A)) == []
    lifecycle.handle(Judged(A))
    for event in (Completed(A), Judged(A), AttemptFailed(A, X, 1, "late"), Vanished(A, X)):
        assert lifecycle.handle(event) == []
    assert lifecycle.done


def test_a_verdict_that_comes_after_giving_up_still_counts() -> None:
    lifecycle, _ = started(A, phase=Phase.COMPLETED)
    lifecycle.handle(AttemptFailed(A, X, 1, "lost", final=True))
    lifecycle.handle(Judged(A))
    assert lifecycle.counts()[Phase.JUDGED] == 1 and lifecycle.counts()[Phase.UNJUDGED] == 0


def test_pausing_sends_nothing_more_and_keeps_answers() -> None:
    lifecycle, _ = started(A, B, window=1)
    assert lifecycle.handle(Pause("key refused")) == []
    assert lifecycle.handle(Completed(A)) == []
    assert lifecycle.counts()[Phase.COMPLETED] == 1 and lifecycle.counts()[Phase.PLANNED] == 1


def test_a_resumed_run_sends_only_what_is_missing() -> None:
    lifecycle = Lifecycle(windows={G: 9, X: 9})
    commands = lifecycle.start(
        [
            (A, Phase.JUDGED, {}),
            (B, Phase.COMPLETED, {X: 1}),
            (C, Phase.PLANNED, {G: 2}),
            (SampleKey("q", 0), Phase.EXECUTING, {}),  # a living worker has it
        ]
    )
    assert commands == [Send(C, G, 3), Send(B, X, 2)]
    assert lifecycle.outstanding(X) == {SampleKey("q", 0): 1, B: 2}


def test_a_plan_with_a_sample_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="planned twice"):
        started(A, A)


def waiting(*keys: SampleKey) -> Lifecycle:
    """The first of the keys is out, the others wait behind it."""
    lifecycle, _ = started(*keys, phase=Phase.COMPLETED)
    for key in keys[1:]:
        lifecycle.handle(Waits(key, keys[0]))
    assert lifecycle.counts()[Phase.WAITING] == len(keys) - 1 and list(lifecycle.outstanding(X)) == [keys[0]]
    return lifecycle


def test_who_waits_takes_no_place_in_the_window() -> None:
    lifecycle, commands = started(A, B, C, window=2, phase=Phase.COMPLETED)
    assert commands == [Send(A, X, 1), Send(B, X, 1)]
    assert lifecycle.handle(Waits(B, A)) == [Send(C, X, 1)]


def test_a_verdict_frees_all_who_wait_in_their_order() -> None:
    lifecycle = waiting(A, B, C)
    assert lifecycle.handle(Judged(A)) == [Send(B, X, 1), Send(C, X, 1)]
    assert lifecycle.counts()[Phase.WAITING] == 0


def test_after_a_failure_a_waiting_sample_goes_first_and_keeps_its_attempts() -> None:
    lifecycle = waiting(A, B, C)
    assert lifecycle.handle(AttemptFailed(A, X, 1, "worker lost")) == [Send(B, X, 1), Send(C, X, 1), Send(A, X, 2)]


def test_lost_work_frees_who_waits_for_it() -> None:
    lifecycle = waiting(A, B)
    assert lifecycle.handle(Vanished(A, X)) == [Send(B, X, 1), Send(A, X, 1)]


def test_giving_up_a_sample_gives_up_none_that_wait_for_it() -> None:
    lifecycle = waiting(A, B)
    assert lifecycle.handle(AttemptFailed(A, X, 1, "bad tests", final=True)) == [
        GiveUp(A, X, "bad tests"),
        Send(B, X, 1),
    ]


def test_who_would_wait_for_an_answer_that_was_faster_is_sent() -> None:
    lifecycle, _ = started(A, B, phase=Phase.COMPLETED)
    lifecycle.handle(Judged(A))
    assert lifecycle.handle(Waits(B, A)) == [Send(B, X, 1)]


def test_a_late_verdict_ends_the_waiting_of_its_sample_alone() -> None:
    lifecycle = waiting(A, B, C)
    assert lifecycle.handle(Judged(B)) == []
    assert lifecycle.handle(Judged(A)) == [Send(C, X, 1)]


def test_pausing_keeps_freed_samples_unsent() -> None:
    lifecycle = waiting(A, B)
    lifecycle.handle(Pause("interrupted"))
    assert lifecycle.handle(Judged(A)) == []
    assert lifecycle.counts()[Phase.COMPLETED] == 1


def test_nobody_waits_behind_itself() -> None:
    lifecycle, _ = started(A, phase=Phase.COMPLETED)
    with pytest.raises(ValueError, match="behind itself"):
        lifecycle.handle(Waits(A, A))


def broke(key: SampleKey, attempt: int, worker: str = "w") -> AttemptFailed:
    return AttemptFailed(key, X, attempt, "SandboxBroken: zygote", broken_at=worker)


def test_a_program_that_breaks_its_sandbox_each_time_is_judged_where_others_are_judged() -> None:
    lifecycle, _ = started(A, B, phase=Phase.COMPLETED)
    assert lifecycle.handle(broke(A, 1)) == [Send(A, X, 2)]
    assert lifecycle.handle(Judged(B, "w")) == []
    assert lifecycle.handle(broke(A, 2)) == [Send(A, X, 3)]
    assert lifecycle.handle(broke(A, 3)) == [Condemn(A, "SandboxBroken: zygote (attempt 3 of 3)")]
    assert lifecycle.handle(Judged(A)) == [] and lifecycle.done


def test_whose_fault_it_was_may_be_seen_later() -> None:
    lifecycle, _ = started(A, B, C, phase=Phase.COMPLETED)
    for attempt in (1, 2):
        lifecycle.handle(broke(A, attempt))
    assert lifecycle.handle(broke(A, 3)) == [] and not lifecycle.done, "no worker has judged another sample yet"
    assert lifecycle.handle(Judged(B, "other")) == [], "another worker's verdict says nothing about this one"
    assert [type(command) for command in lifecycle.handle(Judged(C, "w"))] == [Condemn]


def test_where_a_worker_judges_nothing_it_is_the_hosts_fault() -> None:
    lifecycle, _ = started(A, B, phase=Phase.COMPLETED)
    lifecycle.handle(Judged(B, "other"))
    lifecycle.handle(broke(A, 1, "other"))
    lifecycle.handle(broke(A, 2))
    [given_up] = lifecycle.handle(broke(A, 3, "other"))
    assert isinstance(given_up, GiveUp) and "has judged no other sample" in given_up.reason
    assert lifecycle.done and lifecycle.counts()[Phase.UNJUDGED] == 1


def test_one_attempt_that_failed_otherwise_is_the_hosts_fault() -> None:
    lifecycle, _ = started(A, B, phase=Phase.COMPLETED)
    lifecycle.handle(Judged(B, "w"))
    lifecycle.handle(broke(A, 1))
    lifecycle.handle(AttemptFailed(A, X, 2, "worker_lost: w"))
    assert [type(command) for command in lifecycle.handle(broke(A, 3))] == [GiveUp]


def test_the_evidence_of_an_earlier_coordinator_counts() -> None:
    lifecycle = Lifecycle(windows={G: 1, X: 1})
    known: list[tuple[SampleKey, Phase, dict[Stage, int]]] = [
        (A, Phase.COMPLETED, {X: 2}),
        (B, Phase.COMPLETED, {X: 3}),
    ]
    commands = lifecycle.start(known, judged=1, broken={A: ["w", "w"], B: ["w", "w", "v"]}, judging=["w"])
    assert commands == [Send(A, X, 3)]
    assert lifecycle.handle(broke(A, 3)) == [
        Condemn(A, "SandboxBroken: zygote (attempt 3 of 3)"),
        GiveUp(B, X, "3 attempts failed; a worker that lost it has judged no other sample"),
    ]


def test_a_late_verdict_ends_the_question() -> None:
    lifecycle, _ = started(A, B, phase=Phase.COMPLETED)
    for attempt in (1, 2, 3):
        lifecycle.handle(broke(A, attempt))
    lifecycle.handle(Judged(A, "w"))
    assert lifecycle.handle(Judged(B, "w")) == [] and lifecycle.done


def test_an_attempt_that_is_given_back_is_sent_again_as_the_same_attempt() -> None:
    lifecycle, commands = started(A, phase=Phase.COMPLETED)
    assert commands == [Send(A, X, 1)]
    assert lifecycle.handle(Returned(A, X, 2)) == [], "an attempt that is not out"
    assert lifecycle.handle(Returned(A, X, 1)) == [Send(A, X, 1)]
    assert lifecycle.handle(Judged(A)) == [] and lifecycle.handle(Returned(A, X, 1)) == []


def test_a_copy_of_the_completion_revives_no_sample_that_was_given_up_while_executing() -> None:
    lifecycle, _ = started(A, phase=Phase.COMPLETED)
    [given_up] = lifecycle.handle(AttemptFailed(A, X, 1, "no", final=True))
    assert isinstance(given_up, GiveUp)
    assert lifecycle.handle(Completed(A)) == [] and lifecycle.done
