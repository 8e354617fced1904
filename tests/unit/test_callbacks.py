"""Whom we owe a call: given how the calls of citizens ended, when asked, then who is to be called, and when."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from cti.calls import CallId, Need
from queues.callbacks import OWED, POSTPONED_S, REDIAL_S, Closed, EndedCall, TaskRules, Tasks
from queues.dialling import Code

RULES = TaskRules(attempts=2, retry_s=900.0, oldest_s=86_400.0, area_code="0769")
CITIZEN, OTHER = "13800138000", "13900139000"
GENERAL, VIDEO = Need("general"), Need("video")


def lost(
    name: str,
    at: float,
    *,
    number: str = CITIZEN,
    lost_at: str = "queue",
    need: Need | None = GENERAL,
    lasted_s: float = 60.0,
    since: float = 0.0,
) -> EndedCall:
    return EndedCall(CallId(name), number, at - lasted_s, at, lost_at=lost_at, need=need, since=since)


def answered(name: str, at: float, number: str = CITIZEN) -> EndedCall:
    return EndedCall(CallId(name), number, at - 200.0, at, answered=True)


def callback(name: str, at: float, outcome: str, number: str = CITIZEN) -> EndedCall:
    return EndedCall(CallId(name), number, at - 40.0, at, answered=outcome == "reached", outcome=outcome)


def tasks(*calls: EndedCall) -> Tasks:
    found = Tasks(RULES)
    for call in calls:
        found.add(call)
    return found


@pytest.mark.parametrize(
    "place", ["menu", "queue", "ringing", "no_seat", "overflow", "fallback", "callback", "message"]
)
def test_who_is_lost_anywhere_is_owed_a_call(place: str) -> None:
    (task,) = tasks(lost("c1", 1000.0, lost_at=place)).due(2000.0, 9)

    assert (task.id, task.of, task.number, task.first_at) == ("c1", "c1", CITIZEN, 1000.0)
    assert task.requested is (place == "callback")


def test_what_is_owed_is_counted_without_looking_at_every_task() -> None:
    found = tasks(lost("c1", 1000.0, lost_at="callback"), lost("c2", 1000.0, number=OTHER))
    assert found.owed() == (1, 1)
    found.add(answered("c3", 1500.0))
    assert found.owed() == (0, 1), "he has got through"
    found.age(1000.0 + 10 * 86_400.0)
    assert found.owed() == (0, 0)


def test_a_talk_that_we_cut_off_is_a_loss() -> None:
    cut = EndedCall(CallId("c1"), CITIZEN, 0.0, 1000.0, answered=True, cut_off=True, need=GENERAL)

    assert [task.id for task in tasks(cut).due(2000.0, 9)] == ["c1"]


def test_a_wrong_number_a_withheld_one_and_one_who_got_what_he_wanted_are_not() -> None:
    wrong = lost("c1", 1000.0, lasted_s=3.0)
    withheld = lost("c2", 1000.0, number="")
    self_service = replace(lost("c3", 1000.0, number=OTHER), lost_at=None)

    assert tasks(wrong, withheld, self_service, answered("c4", 1000.0)).all(2000.0) == []


def test_who_quickly_chooses_to_be_called_back_is_owed_it() -> None:
    assert len(tasks(lost("c1", 1000.0, lasted_s=3.0, lost_at="callback")).due(2000.0, 9)) == 1


def test_losses_of_one_citizen_are_one_task_with_the_first_age_and_the_newest_need() -> None:
    (task,) = tasks(
        lost("c1", 1000.0, number="+8613800138000"),
        lost("c2", 1100.0, number="013800138000", need=VIDEO),
        lost("c3", 1200.0, lost_at="menu", need=None),
    ).due(2000.0, 9)

    assert (task.id, task.of, task.losses) == ("c1", "c3", 3)
    assert (task.first_at, task.last_at) == (1000.0, 1200.0)
    assert task.need == VIDEO


def test_a_local_number_and_the_same_with_its_area_are_one_citizen() -> None:
    found = tasks(lost("c1", 1000.0, number="22221111"), lost("c2", 1100.0, number="076922221111"))

    assert [task.losses for task in found.due(2000.0, 9)] == [2]


def test_a_number_that_may_never_be_dialled_is_left_to_people() -> None:
    found = tasks(lost("c1", 1000.0, number="+85223456789"))

    assert found.due(2000.0, 9) == []
    assert [task.refused for task in found.all(2000.0)] == [Code.FOREIGN]


def test_who_signs_or_writes_is_answered_by_people_in_writing() -> None:
    found = tasks(replace(lost("c1", 1000.0, lost_at="message"), by_voice=False))

    assert found.due(2000.0, 9) == []
    assert [(task.id, task.refused) for task in found.all(2000.0)] == [("c1", Code.NOT_BY_VOICE)]


def test_nothing_is_owed_to_who_got_through_by_himself() -> None:
    found = tasks(lost("c1", 1000.0), answered("c2", 1500.0))

    assert found.due(9000.0, 9) == []
    assert [task.closed for task in found.all(9000.0)] == [Closed.GOT_THROUGH]


def test_a_loss_after_that_is_a_new_task() -> None:
    found = tasks(lost("c1", 1000.0), answered("c2", 1500.0), lost("c3", 1600.0))

    assert [task.id for task in found.due(9000.0, 9)] == ["c3"]


def test_who_redials_at_once_is_not_in_our_way() -> None:
    found = tasks(lost("c1", 1000.0))

    assert found.due(1000.0 + REDIAL_S - 1, 9) == []
    assert len(found.due(1000.0 + REDIAL_S, 9)) == 1


def test_who_asked_for_it_comes_first_and_by_his_place() -> None:
    found = tasks(
        lost("missed", 1000.0),
        lost("late", 1100.0, number="13900139001", lost_at="callback", since=1050.0),
        lost("early", 1200.0, number="13900139002", lost_at="callback", since=1000.0),
        lost("newer", 1300.0, number="13900139003"),
    )

    assert [task.id for task in found.due(1300.0 + REDIAL_S, 9)] == ["early", "late", "missed", "newer"]


def test_who_asked_for_it_is_called_at_once_even_if_he_was_lost_just_before() -> None:
    found = tasks(lost("c1", 1000.0), lost("c2", 1010.0, lost_at="callback", since=900.0))

    assert [(task.id, task.requested, task.since) for task in found.due(1010.0, 9)] == [("c1", True, 900.0)]


@pytest.mark.parametrize("outcome", ["busy", "no_answer", "failed"])
def test_a_try_that_failed_is_repeated_after_a_while_and_in_the_end_reported(outcome: str) -> None:
    found = tasks(lost("c1", 1000.0), callback("cb-1", 2000.0, outcome))

    assert found.due(2899.0, 9) == []
    assert [(task.attempts, task.outcome) for task in found.due(2900.0, 9)] == [(1, outcome)]

    found.add(callback("cb-2", 3000.0, outcome))

    assert found.due(9000.0, 9) == []
    (task,) = found.all(9000.0)
    assert (task.closed, task.attempts, task.outcome) == (Closed.NOT_REACHED, 2, outcome)


@pytest.mark.parametrize("outcome", ["no_agent", "refused", "withdrawn"])
def test_a_try_that_did_not_ring_at_his_telephone_is_no_attempt(outcome: str) -> None:
    found = tasks(lost("c1", 1000.0), *(callback(f"cb-{n}", 2000.0 + n, outcome) for n in range(5)))

    assert [(task.attempts, task.outcome) for task in found.due(2004.0 + POSTPONED_S, 9)] == [(0, outcome)]


@pytest.mark.parametrize(("outcome", "closed"), [("reached", Closed.REACHED), ("closed", Closed.BY_HAND)])
def test_who_was_reached_or_closed_by_hand_is_owed_nothing(outcome: str, closed: Closed) -> None:
    found = tasks(lost("c1", 1000.0), callback("cb-1", 2000.0, outcome))

    assert found.due(9000.0, 9) == []
    assert [task.closed for task in found.all(9000.0)] == [closed]


def test_a_task_can_be_too_old_and_later_is_forgotten() -> None:
    found = tasks(lost("c1", 1000.0))

    assert found.due(1000.0 + RULES.oldest_s, 9) == []
    assert [task.closed for task in found.all(1000.0 + RULES.oldest_s)] == [Closed.TOO_OLD]
    assert found.all(1000.0 + 2 * RULES.oldest_s) == []


def test_a_loss_after_a_task_has_become_too_old_is_a_new_task() -> None:
    later = 1000.0 + RULES.oldest_s + 1

    assert [task.id for task in tasks(lost("c1", 1000.0), lost("c2", later)).due(later + REDIAL_S, 9)] == ["c2"]


def test_those_who_asked_can_be_had_without_the_others_and_only_the_first() -> None:
    asked = [lost(f"c{n}", 1000.0 + n, number=f"1390013900{n}", lost_at="callback", since=900.0 - n) for n in range(4)]
    found = tasks(lost("missed", 900.0), *asked)

    assert [task.id for task in found.due(2000.0, 2, missed=False)] == ["c3", "c2"]
    assert [task.id for task in found.due(2000.0, 9)][-1] == "missed"


def test_a_call_that_comes_twice_changes_nothing() -> None:
    rng = random.Random(7)
    history = [
        lost("c1", 1000.0),
        callback("cb-1", 1100.0, "busy"),
        lost("c2", 1200.0),
        answered("c3", 1300.0),
        lost("c4", 1400.0, lost_at="callback", since=1350.0),
        callback("cb-2", 1500.0, "no_answer"),
        lost("c5", 1600.0, number=OTHER),
    ]
    once = tasks(*history).all(1700.0)

    for _ in range(50):
        twice = []
        for n, call in enumerate(history):
            twice += [call, *rng.sample(history[: n + 1], rng.randint(0, n + 1))]
        assert tasks(*twice).all(1700.0) == once


def owed(name: str, at: float, of: str, number: str = CITIZEN) -> EndedCall:
    return EndedCall(CallId(name), number, at, at, outcome=OWED, of=CallId(of), need=GENERAL)


def test_a_person_makes_a_task_of_a_call_that_makes_none_by_itself() -> None:
    quick = lost("c1", 1000.0, lost_at="menu", lasted_s=3.0)
    assert tasks(quick).all(2000.0) == []
    (task,) = tasks(quick, owed("cb-1", 1500.0, "c1")).due(2000.0, 9)
    assert (task.id, task.of, task.first_at, task.losses, task.attempts) == ("c1", "c1", 1500.0, 1, 0)
    assert task.calls == {"c1", "cb-1"}
    assert task.need == GENERAL


def test_a_task_that_is_there_is_not_made_again_and_no_try_is_counted() -> None:
    before = tasks(lost("c1", 1000.0))
    after = tasks(lost("c1", 1000.0), owed("cb-1", 1500.0, "c1"))
    assert after.all(2000.0) == before.all(2000.0)


def test_a_closed_task_is_made_anew_and_follows_the_rules_of_all() -> None:
    found = tasks(lost("c1", 1000.0), callback("cb-1", 1200.0, "closed"), owed("cb-2", 1500.0, "c1"))
    (task,) = found.all(1600.0)
    assert (task.id, task.closed) == ("c1", None)
    found.add(callback("cb-3", 1700.0, "reached"))
    assert found.all(1800.0)[0].closed is Closed.REACHED
    foreign = tasks(owed("cb-4", 1500.0, "c9", number="0085212345678"))
    assert foreign.all(1600.0)[0].refused is not None, "nobody may dial it: it is for people"
    assert foreign.due(9000.0, 9) == []
