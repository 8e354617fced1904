"""Who talks to whom: given who waits and who is idle, when routing is asked, then."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.calls import AgentId, CallId, Need, NeedStep, SkillNeed
from queues.routing import Idle, Waiting, current_step, decide, next_step_at, position

GENERAL = Need("general", (NeedStep((SkillNeed("general"),)),))
ENTERPRISE = Need(
    "enterprise",
    (NeedStep((SkillNeed("enterprise", 3),), expires_s=20), NeedStep((SkillNeed("enterprise", 1),))),
)


def caller(name: str, since: float, need: Need = GENERAL, *, reachable: bool = True) -> Waiting:
    return Waiting(CallId(name), need, since, reachable)


def agent(name: str, since: float = 0.0, **skills: int) -> Idle:
    return Idle(AgentId(name), skills or {"general": 3}, since)


def pairs(decisions: list) -> list[tuple[str, str]]:
    return [(d.call_id, d.agent_id) for d in decisions]


def test_longest_waiting_caller_gets_longest_idle_agent() -> None:
    waiting = [caller("second", 20.0), caller("first", 10.0), caller("third", 30.0)]
    idle = [agent("a1", 5.0), agent("a2", 1.0)]
    assert pairs(decide(waiting, idle, 40.0)) == [("first", "a2"), ("second", "a1")]


def test_an_agent_without_the_skill_is_not_offered_and_the_next_caller_is_served() -> None:
    waiting = [caller("enterprise", 0.0, ENTERPRISE), caller("general", 5.0)]
    decisions = decide(waiting, [agent("a1")], 10.0)
    assert pairs(decisions) == [("general", "a1")]
    assert decisions[0].passed_over == 1


def test_a_need_relaxes_when_its_step_expires() -> None:
    novice = agent("novice", enterprise=1)
    call = caller("c", 100.0, ENTERPRISE)
    assert decide([call], [novice], 119.9) == []
    assert next_step_at(call, 110.0) == 120.0
    assert pairs(decide([call], [novice], 120.0)) == [("c", "novice")]
    assert next_step_at(call, 120.0) is None


def test_past_all_steps_any_agent_of_the_queue_will_do() -> None:
    need = Need("video", (NeedStep((SkillNeed("video", 5), SkillNeed("english", 3)), expires_s=10),))
    assert current_step(need, 10.0) == 1
    assert pairs(decide([caller("c", 0.0, need)], [agent("a", video=1)], 10.0)) == [("c", "a")]
    assert decide([caller("c", 0.0, need)], [agent("a", general=5)], 10.0) == []


def test_a_head_start_counts_as_seconds_of_waiting() -> None:
    urgent = Need("general", GENERAL.steps, priority_s=60)
    assert pairs(decide([caller("patient", 0.0), caller("urgent", 50.0, urgent)], [agent("a")], 55.0)) == [
        ("urgent", "a")
    ]


def test_who_has_not_come_back_after_a_restart_is_not_overtaken() -> None:
    waiting = [caller("first", 1.0, reachable=False), caller("second", 2.0)]
    assert decide(waiting, [agent("a")], 5.0) == []
    assert pairs(decide(waiting, [agent("a"), agent("b")], 5.0)) == [("second", "b")]


def test_position_counts_the_own_queue_only() -> None:
    waiting = [caller("e", 0.0, ENTERPRISE), caller("g1", 1.0), caller("g2", 2.0)]
    assert [position(waiting, CallId(c)) for c in ("e", "g1", "g2")] == [1, 1, 2]
    with pytest.raises(KeyError):
        position(waiting, CallId("gone"))


_waiting = st.lists(
    st.builds(Waiting, st.uuids().map(str), st.sampled_from([GENERAL, ENTERPRISE]), st.floats(0, 100), st.booleans()),
    max_size=12,
    unique_by=lambda call: call.call_id,
)
_idle = st.lists(
    st.builds(
        Idle,
        st.sampled_from("abcdefgh").map(AgentId),
        st.dictionaries(st.sampled_from(["general", "enterprise"]), st.integers(1, 5), max_size=2),
        st.floats(0, 100),
    ),
    max_size=8,
    unique_by=lambda a: a.agent_id,
)


@given(_waiting, _idle, st.randoms())
def test_decisions_do_not_depend_on_the_order_of_the_lists(waiting: list, idle: list, rng) -> None:
    decisions = decide(waiting, idle, 130.0)
    shuffled_waiting, shuffled_idle = waiting[:], idle[:]
    rng.shuffle(shuffled_waiting)
    rng.shuffle(shuffled_idle)
    assert decide(shuffled_waiting, shuffled_idle, 130.0) == decisions
    assert len({d.agent_id for d in decisions}) == len(decisions) == len({d.call_id for d in decisions})
    assert all(call.reachable for call in waiting if call.call_id in {d.call_id for d in decisions})


@given(
    st.text("abc_", min_size=1),
    st.lists(
        st.builds(
            NeedStep,
            st.lists(st.builds(SkillNeed, st.text("xyz_", min_size=1), st.integers(1, 5)), max_size=3).map(tuple),
            st.none() | st.integers(1, 999).map(float),
        ),
        max_size=3,
    ).map(tuple),
    st.integers(-100, 100).map(float),
)
def test_a_need_reads_back_from_its_text(queue: str, steps: tuple, priority_s: float) -> None:
    need = Need(queue, tuple(s for s in steps if s.all_of), priority_s)
    assert Need.from_text(need.to_text()) == need
