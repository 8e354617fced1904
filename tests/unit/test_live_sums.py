"""Live sums of calls beside what the records say, and how stored sums are repaired."""

from __future__ import annotations

from datetime import UTC

from cti.calls import CallFact, Milestone
from cti.metrics.figures import Sums
from cti.metrics.groups import Key, Period
from cti.metrics.live import LiveCalls
from cti.metrics.rates import rate, total, total_by
from cti.metrics.record import fold
from cti.metrics.rollups import Repair, differing, repairs, roll_up, roll_up_agents_calls
from tests.support.calls import answered_call, lost_call

TEN = 1_763_690_400.0
HALF_HOUR = int(TEN)
CALL = answered_call("c1", TEN + 1700.0)
LOST = lost_call("c2", TEN + 10.0)


def test_a_call_across_a_half_hour_counts_where_it_arrived() -> None:
    live = LiveCalls()
    live.add(answered_call("c1", TEN + 1790.0))
    assert {key.half_hour for key in live.calls()} == {HALF_HOUR}
    assert total(live.calls())["answered"] == 1


def test_a_waiting_call_is_undecided_and_then_answered_or_lost() -> None:
    live = LiveCalls()
    live.add(CALL[:8])
    assert total(live.calls()) == Sums({"undecided": 1})
    assert rate("connection_rate", total(live.calls())).unknown == "nothing"
    answered = next(n for n, m in enumerate(CALL) if m.kind == CallFact.ANSWERED)
    live.add(CALL[8 : answered + 1])
    assert rate("connection_rate", total(live.calls())).value == 1.0
    assert total(live.calls())["talks"] == 0, "only its end can show how long it was"
    live.add(CALL[answered + 1 :])
    assert live.calls() == roll_up([fold(CALL)])


def test_half_hours_with_a_call_that_goes_on_are_told() -> None:
    live = LiveCalls()
    live.add([*LOST, *CALL[:8]])
    assert live.going_on == {HALF_HOUR}
    live.add(CALL[8:])
    assert live.going_on == frozenset()


def test_what_comes_twice_counts_once() -> None:
    live = LiveCalls()
    for _ in range(3):
        live.add(CALL)
        live.add(LOST)
        live.recall([fold(LOST)])
    assert live.calls() == roll_up([fold(CALL), fold(LOST)])
    assert not live.doubtful


def test_the_order_in_which_a_call_is_told_does_not_matter_before_its_end() -> None:
    live = LiveCalls()
    live.add([*reversed(CALL[:-1]), CALL[-1]])
    assert live.calls() == roll_up([fold(CALL)])


def test_a_recalled_record_takes_the_place_of_a_timeline_that_was_cut_off() -> None:
    """The rest of it went to another daemon, which ended it."""
    live = LiveCalls()
    live.add(CALL[:6])
    live.recall([fold(CALL)])
    assert live.calls() == roll_up([fold(CALL)])


def test_a_recording_that_is_made_later_changes_no_sum() -> None:
    live = LiveCalls()
    live.add(CALL)
    live.add([Milestone("call", "c1", 99, TEN + 5000, CallFact.RECORDED_LATE, {"file": "x", "segment": "1"})])
    assert live.calls() == roll_up([fold(CALL)])
    assert not live.doubtful


def test_what_comes_after_the_end_makes_its_half_hour_doubtful_until_it_is_mended() -> None:
    live = LiveCalls()
    live.add(LOST)
    live.add(CALL)
    late = Milestone("call", "c1", 99, TEN + 5000, CallFact.RECORDED.value, {"file": "x", "segment": "9"})
    live.add([late])
    assert live.doubtful == {HALF_HOUR}
    other = fold(lost_call("c3", TEN + 20.0))
    records = [fold(LOST), fold(CALL), other]
    live.mend(HALF_HOUR, roll_up(records), roll_up_agents_calls(records))
    assert not live.doubtful
    assert live.calls() == roll_up(records)
    assert live.agents_calls() == roll_up_agents_calls(records)


def test_forgotten_half_hours_are_gone_and_their_calls_do_not_come_back() -> None:
    live = LiveCalls()
    live.add(LOST)
    live.add(CALL[:5])
    live.forget(TEN + 1800)
    live.add(LOST)
    assert total(live.calls()) == Sums({"undecided": 1}), "who still waits is kept"


def test_groups_are_those_of_all_that_is_kept_after_every_change() -> None:
    """Given groups that were asked for, when calls come, end, are mended and forgotten, then they follow."""
    live, day = LiveCalls(), Period(TEN, TEN + 86_400)

    def follows() -> bool:
        return live.grouped("queue", UTC, day) == total_by(live.calls(), "queue", UTC, day)

    steps = [
        lambda: live.add(CALL[:9]),
        lambda: live.add(CALL[9:]),
        lambda: live.recall([fold(LOST)]),
        lambda: live.mend(HALF_HOUR, roll_up([fold(LOST)]), {}),
        lambda: live.forget(TEN + 1800),
    ]
    for step in steps:
        assert follows()
        step()
    assert follows()


def test_agents_and_the_city_say_nothing_about_calls() -> None:
    live = LiveCalls()
    live.add([Milestone("agent", "a1", 1, TEN, "logged_in"), Milestone("city", "borrow", 1, TEN, "rung")])
    assert not live.calls()


def test_differences_are_looked_for_in_the_half_hours_asked_for_alone() -> None:
    live, right = roll_up([fold(CALL)]), roll_up([fold(CALL), fold(lost_call("c3", TEN + 1800.0))])
    (later,) = right.keys() - live.keys()
    assert differing(live, right, {HALF_HOUR}) == []
    assert differing(live, right, {HALF_HOUR, HALF_HOUR + 1800}) == [Repair(later, None, right[later])]


def test_repairs_are_what_makes_stored_sums_right() -> None:
    """Given one wrong sum, one too many and one missing, when the repairs are applied, then nothing is left to do."""
    right = roll_up([fold(CALL), fold(LOST)])
    (one,) = [key for key in right if key.queue == "general"]
    spare = Key(HALF_HOUR, "dongguan", "12333", "gone", "")
    stored = {one: right[one] + Sums({"calls": 1}), spare: Sums({"calls": 2})}
    missing = roll_up([fold(lost_call("c4", TEN, place="menu"))])
    right |= missing
    found = repairs(stored, right)
    assert {repair.key for repair in found} == {one, spare, *missing}
    assert Repair(spare, stored[spare], None) in found
    for repair in found:
        if repair.right is None:
            del stored[repair.key]
        else:
            stored[repair.key] = repair.right
    assert stored == right
    assert repairs(stored, right) == []
