"""The estimated wait: the formula, who counts, what agents do now; and its error beside app_queue's."""

from __future__ import annotations

from datetime import UTC, datetime
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.calls import EMERGENCY_S, AgentId, CallId, Need, NeedStep, SkillNeed
from queues.estimate import Estimate, Outlook, Seat
from queues.handling import Handling, History
from queues.needs import Overflow, Waiting
from tests.support.busy_queue import BusyQueue, Told

NOW = 10_000.0
MONDAY = datetime(2026, 11, 23, 10, 10, tzinfo=UTC)


def caller(name: str, waited_s: float, need: Need | str = "general") -> Waiting:
    return Waiting(CallId(name), Need(need) if isinstance(need, str) else need, NOW - waited_s)


def talking(name: str, talked_s: float = 0.0, queue: str = "general", **skills: int) -> Seat:
    return Seat(AgentId(name), skills or {queue: 1}, "talking", NOW - talked_s, queue=queue)


def known(handling_s: float = 300.0, patience_s: float | None = None) -> History:
    """Weeks of calls of both queues, so many that nothing is drawn elsewhere."""
    history = History()
    for _ in range(20_000):
        for queue in ("general", "enterprise"):
            history.add(queue, MONDAY, patience_s or 0.0, handling_s)
            if patience_s is not None:
                history.add(queue, MONDAY, 0.0, None)
    return history


KNOWN, IMPATIENT = known(), known(patience_s=120.0)


def estimate(
    call: Waiting,
    waiting: list[Waiting],
    seats: list[Seat],
    history: History = KNOWN,
    handling: Handling | None = None,
    overflow: tuple[Overflow, ...] = (),
) -> Estimate | None:
    return Outlook(NOW, MONDAY, [*waiting, call], seats, handling or Handling(), history, overflow).estimate(call)


def wait_s(*args: object, **more: object) -> float:
    found = estimate(*args, **more)  # type: ignore[arg-type]
    assert found is not None
    return found.wait_s


def queue_of(n: int) -> list[Waiting]:
    return [caller(f"c{i}", 100.0 + i) for i in range(n)]


# The formula


@pytest.mark.parametrize("ahead", [0, 1, 7, 60])
def test_it_is_the_sum_of_whitt_for_agents_who_all_have_fresh_calls(ahead: int) -> None:
    """n so large that the calls of now never run out."""
    n, patience_s = 400, 120.0
    seats = [talking(f"a{i}") for i in range(n)]
    exact = sum(1 / (n / 300.0 + j / patience_s) for j in range(ahead + 1))
    assert wait_s(caller("me", 10.0), queue_of(ahead), seats, IMPATIENT) == pytest.approx(exact, rel=0.02, abs=0.5)
    assert wait_s(caller("me", 10.0), queue_of(ahead), seats) == pytest.approx((ahead + 1) * 300 / n, rel=0.02, abs=0.5)


def test_one_agent_with_others_ahead_takes_a_call_after_the_other() -> None:
    assert wait_s(caller("me", 10.0), [], [talking("a")]) == pytest.approx(300.0, rel=0.25)
    assert wait_s(caller("me", 10.0), queue_of(3), [talking("a")]) == pytest.approx(4 * 300.0, rel=0.1)


@given(st.integers(0, 40), st.integers(1, 30), st.integers(0, 600))
def test_more_ahead_take_longer_and_more_agents_do_not(ahead: int, agents: int, talked_s: int) -> None:
    seats = [talking(f"a{i}", float(talked_s)) for i in range(agents)]
    me, others = caller("me", 10.0), queue_of(ahead)
    usual = wait_s(me, others, seats, IMPATIENT)
    assert usual <= wait_s(me, queue_of(ahead + 1), seats, IMPATIENT) * 1.02 + 1
    assert wait_s(me, others, [*seats, talking("more", float(talked_s))], IMPATIENT) <= usual * 1.02 + 1


# Who counts


def test_nobody_who_could_take_the_call_is_no_estimate() -> None:
    assert estimate(caller("me", 10.0), [], []) is None
    assert estimate(caller("me", 10.0), [], [talking("e", enterprise=5)]) is None


def test_only_callers_with_a_better_place_are_ahead() -> None:
    seats = [talking("a"), talking("b")]
    emergency = caller("e", 1.0, Need("general", (), EMERGENCY_S))
    found = estimate(caller("me", 50.0), [caller("older", 60.0), caller("younger", 40.0), emergency], seats)
    assert found is not None
    assert (found.ahead, found.able) == (2.0, 2)


def test_callers_of_another_queue_count_by_the_share_of_their_agents_who_are_ours() -> None:
    both = [talking(f"b{i}", general=1, enterprise=1) for i in range(3)]
    theirs = [talking(f"e{i}", queue="enterprise") for i in range(7)]
    ahead = [caller(f"c{i}", 100.0, "enterprise") for i in range(10)]
    found = estimate(caller("me", 10.0), ahead, both + theirs)
    assert found is not None
    assert found.able == 3
    assert found.ahead == pytest.approx(10 * 3 / 10)


def test_a_need_that_will_relax_soon_is_reckoned_with_all_who_can_take_it_then() -> None:
    need = Need("general", (NeedStep((SkillNeed("cantonese"),), 60.0),))
    seats = [talking("yue", general=1, cantonese=1), *(talking(f"a{i}") for i in range(29))]
    found = estimate(caller("me", 0.0, need), queue_of(2), seats)
    assert found is not None
    assert 60.0 < found.wait_s < 80.0
    assert found.able == 30
    patient = Need("general", (NeedStep((SkillNeed("cantonese"),), 6000.0),))
    assert wait_s(caller("me", 0.0, patient), [], seats) == pytest.approx(300.0, rel=0.25)


def test_agents_who_are_lent_count_from_the_moment_they_are() -> None:
    seats = [talking("e", queue="enterprise")]
    rule = Overflow("general", "enterprise", after_s=120.0)
    assert estimate(caller("me", 0.0), [], seats) is None
    assert wait_s(caller("me", 0.0), [], seats, overflow=(rule,)) >= 120.0
    lent = Outlook(NOW, MONDAY, [], seats, Handling(), KNOWN, (Overflow("general", "enterprise"),), borrowing=True)
    assert lent.estimate(caller("me", 0.0)) is not None


def test_a_wish_for_his_last_agent_does_not_bind_a_caller_ahead() -> None:
    wish = Need("general", (NeedStep(agents=(AgentId("a"),), expires_s=8.0),))
    seats = [talking("a"), *(talking(f"b{i}") for i in range(9))]
    named = caller("named", 5.0, Need("general", (NeedStep(agents=(AgentId("a"),), expires_s=900.0),)))
    found = estimate(named, [caller("ahead", 6.0, wish)], seats)
    assert found is not None
    assert found.ahead == pytest.approx(0.1 if found.able == 1 else 1.0)


# What agents do now


def test_a_wrap_up_ends_when_it_ends() -> None:
    wrapping = Seat(AgentId("w"), {"general": 1}, "wrap_up", NOW - 10.0, NOW + 12.0, "general")
    assert wait_s(caller("me", 10.0), [], [wrapping, talking("a")]) == pytest.approx(12.0, abs=2.5)
    assert wait_s(caller("me", 10.0), queue_of(1), [wrapping, talking("a")]) > 100.0


def test_a_talk_has_the_rest_that_talks_of_its_age_have_had() -> None:
    handling = Handling()
    for _ in range(100):
        handling.add("general", 280.0, 20.0)
    old, new = [talking("a", 270.0)] * 5, [talking("a", 5.0)] * 5
    assert wait_s(caller("me", 10.0), [], old, handling=handling) < wait_s(
        caller("me", 10.0), [], new, handling=handling
    )


def test_idle_and_ringing_agents_are_free_at_once_and_after_a_whole_call() -> None:
    idle = Seat(AgentId("i"), {"general": 1}, "idle", NOW - 5.0)
    ringing = Seat(AgentId("r"), {"general": 1}, "offered", NOW - 5.0, queue="general")
    assert wait_s(caller("me", 10.0), [], [idle]) < 1.0
    assert wait_s(caller("me", 10.0), [], [ringing]) == wait_s(caller("me", 10.0), [], [talking("a", 0.0)])


# Against app_queue


def errors(told: list[Told]) -> tuple[float, float, float]:
    """Mean absolute error of ours and of app_queue's, and the bias of ours, in mean waits."""
    waited_s = fmean(t.waited_s for t in told)
    return (
        fmean(abs(t.ours_s - t.waited_s) for t in told) / waited_s,
        fmean(abs(t.app_queue_s - t.waited_s) for t in told) / waited_s,
        fmean(t.ours_s - t.waited_s for t in told) / waited_s,
    )


@pytest.mark.parametrize(
    ("agents", "load", "patience_s", "better_than"), [(10, 1.1, 180.0, 0.65), (30, 1.2, 150.0, 0.5)]
)
def test_the_error_is_clearly_below_that_of_app_queue_on_the_same_calls(
    agents: int, load: float, patience_s: float, better_than: float
) -> None:
    """M/M/n+M; app_queue's hold time is a moving mean of answered waits, less what the caller has waited."""
    calls_per_s = {"general": load * agents / 240.0}
    city = BusyQueue([(("general",), agents)], calls_per_s, handling_s=240.0, patience_s=patience_s, seed=3)
    told = city.run(5 * 3600.0)
    assert len(told) > 400
    ours, app_queue, bias = errors(told)
    assert ours < better_than * app_queue
    assert abs(bias) < 0.3


def test_it_holds_for_agents_who_are_shared_with_another_queue() -> None:
    crews = [(("general",), 16), (("enterprise",), 4), (("general", "enterprise"), 8)]
    calls_per_s = {"general": 1.1 * 20 / 240.0, "enterprise": 1.1 * 8 / 240.0}
    told = BusyQueue(crews, calls_per_s, handling_s=240.0, patience_s=240.0, seed=3).run(5 * 3600.0)
    for queue in calls_per_s:
        ours, app_queue, bias = errors([t for t in told if t.queue == queue])
        assert ours < 0.75 * app_queue
        assert abs(bias) < 0.3
