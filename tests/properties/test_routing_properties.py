"""Routing under any order of events: the same as the plain model, nobody left, nobody overtaken, nobody twice."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cti.calls import EMERGENCY_S, AgentId, CallId, Need, NeedStep, SkillNeed
from queues.needs import place, steps_since
from queues.routing import Idle, Overflow, Router, Waiting
from tests.support.slow_router import SlowRouter

# UTC seconds as they are: large, and with steps that floating point cannot hold.
NOON = 1_790_000_000.1
CALLS = [CallId(f"c{n}") for n in range(9)]
AGENTS = [AgentId(f"a{n}") for n in range(7)]
QUEUES = ["general", "enterprise", "video"]

_instants = st.integers(-300, 100).map(lambda tenths: NOON + tenths / 10)
_skill_needs = st.builds(SkillNeed, st.sampled_from(QUEUES), st.integers(1, 3))
_seconds = st.sampled_from([0.0, 0.1, 0.3, 5.0, 7.7, 20.0])
_steps = st.one_of(
    st.builds(NeedStep, st.lists(_skill_needs, max_size=2).map(tuple), st.none() | _seconds),
    st.builds(
        lambda names, s: NeedStep((), s, tuple(names)),
        st.lists(st.sampled_from(AGENTS), min_size=1, max_size=3),
        _seconds,
    ),
)
_needs = st.builds(
    Need,
    st.sampled_from(QUEUES),
    st.lists(_steps, max_size=3).map(tuple),
    st.sampled_from([0.0, 0.0, 30.0, -30.0, EMERGENCY_S]),
)
_waiting = st.builds(
    Waiting,
    st.sampled_from(CALLS),
    _needs,
    _instants,
    st.none() | _instants,
    st.sampled_from([0.0, 12.5]),
    st.sampled_from([True, True, True, False]),
)
_idle = st.builds(
    Idle,
    st.sampled_from(AGENTS),
    st.dictionaries(st.sampled_from(QUEUES), st.integers(0, 3), max_size=3),
    _instants,
)
_overflows = st.lists(
    st.builds(Overflow, st.sampled_from(QUEUES), st.sampled_from(QUEUES), st.none() | _seconds), max_size=3
)


class Routers(RuleBasedStateMachine):
    """The quick router and the plain one get the same events and are asked the same questions."""

    @initialize(overflow=_overflows)
    def start(self, overflow: list[Overflow]) -> None:
        self.quick, self.slow = Router(overflow), SlowRouter(overflow)
        self.now = NOON

    @invariant()
    def what_is_not_in_use_is_forgotten_at_every_opportunity(self) -> None:
        self.quick._pools._limit = 0

    @rule(call=_waiting)
    def wait(self, call: Waiting) -> None:
        self.quick.wait(call)
        self.slow.wait(call)

    @rule(agent=_idle)
    def free(self, agent: Idle) -> None:
        self.quick.free(agent)
        self.slow.free(agent)

    @rule(call_id=st.sampled_from(CALLS))
    def leave(self, call_id: CallId) -> None:
        self.quick.leave(call_id)
        self.slow.leave(call_id)

    @rule(agent_id=st.sampled_from(AGENTS))
    def busy(self, agent_id: AgentId) -> None:
        self.quick.busy(agent_id)
        self.slow.busy(agent_id)

    @rule(on=st.booleans())
    def borrow(self, on: bool) -> None:
        self.quick.borrow(on)
        self.slow.borrow(on)

    @rule(seconds=st.sampled_from([0.0, 0.1, 0.2, 5.0, 7.7, 20.0, -3.3]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def decide(self) -> None:
        waiting, idle = self.slow.waiting(), {agent.agent_id for agent in self.slow.idle()}
        decisions = self.quick.decide(self.now)
        assert decisions == self.slow.decide(self.now)
        assert self.quick.waiting() == self.slow.waiting()
        served = [decision.call_id for decision in decisions]
        assert sorted(served + [call.call_id for call in self.quick.waiting()]) == sorted(c.call_id for c in waiting)
        taken = [decision.agent_id for decision in decisions]
        assert len(set(taken)) == len(taken)
        assert idle.issuperset(taken)

    @rule()
    def wake_up_at_the_next_change(self) -> None:
        at = self.quick.next_at(self.now)
        assert at == self.slow.next_at(self.now)
        if at is not None:
            self.now = at
            self.decide()

    @precondition(lambda self: self.slow.waiting())
    @rule(agent=_idle)
    def ask(self, agent: Idle) -> None:
        waiting = self.slow.waiting()
        assert self.quick.waiting() == waiting
        assert len(self.quick.waiting()) == len(waiting)
        for call in waiting:
            assert self.quick.position(call.call_id) == self.slow.position(call.call_id)
            able = self.slow.could_take(agent.agent_id, agent.skills, call, self.now)
            assert self.quick.could_take(agent.agent_id, agent.skills, call, self.now) == able


TestRouters = Routers.TestCase
TestRouters.settings = settings(max_examples=20, stateful_step_count=40, deadline=None)

_city = st.tuples(
    _overflows,
    st.lists(_waiting, max_size=12, unique_by=lambda call: call.call_id),
    st.lists(_idle, max_size=8, unique_by=lambda agent: agent.agent_id),
)
_moderately = settings(max_examples=25, deadline=None)


def fill(router: Router, events: list[Waiting | Idle]) -> None:
    for event in events:
        router.wait(event) if isinstance(event, Waiting) else router.free(event)


@given(_city, st.booleans(), st.randoms(use_true_random=False))
@_moderately
def test_decisions_do_not_depend_on_the_order_or_repetition_of_what_came_before(
    city: tuple[list[Overflow], list[Waiting], list[Idle]], lending: bool, rng: random.Random
) -> None:
    overflow, waiting, idle = city
    one, other = Router(overflow), Router(overflow)
    fill(one, [*waiting, *idle])
    one.borrow(lending)
    again = [*waiting, *idle]
    again += rng.choices(again, k=5) if again else []
    rng.shuffle(again)
    fill(other, again[:6])
    other.next_at(NOON + rng.choice([-5.0, 0.0, 5.0]))
    other.borrow(lending)
    fill(other, again[6:])
    assert other.decide(NOON) == one.decide(NOON)
    assert other.waiting() == one.waiting()
    assert other.next_at(NOON) == one.next_at(NOON)


@given(_city, st.booleans())
@_moderately
def test_at_rest_nobody_idle_could_take_anybody_who_waits(
    city: tuple[list[Overflow], list[Waiting], list[Idle]], lending: bool
) -> None:
    overflow, waiting, idle = city
    router = Router(overflow)
    fill(router, [*[replace(call, reachable=True) for call in waiting], *idle])
    router.borrow(lending)
    at: float | None = NOON
    here = {agent.agent_id: agent for agent in idle}
    while at is not None:
        for decision in router.decide(at):
            del here[decision.agent_id]
        pairs = [(agent, call) for agent in here.values() for call in router.waiting()]
        assert not any(router.could_take(a.agent_id, a.skills, call, at) for a, call in pairs)
        at = router.next_at(at)


# Needs that only ever relax, as those of the flows do: each step asks for less than the one before.
_relaxing = st.builds(
    lambda queue, other, first_s, second_s, head_start_s: Need(
        queue,
        (
            NeedStep((SkillNeed(queue, 3), SkillNeed(other, 2)), first_s),
            NeedStep((SkillNeed(queue, 2),), second_s),
        ),
        head_start_s,
    ),
    st.sampled_from(QUEUES),
    st.sampled_from(QUEUES),
    _seconds,
    _seconds,
    st.sampled_from([0.0, 30.0]),
)
_events = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.builds(Waiting, st.sampled_from(CALLS), _relaxing, _instants)),
        st.tuples(st.just("free"), _idle),
        st.tuples(st.just("time"), st.sampled_from([0.1, 5.0, 20.0])),
        st.tuples(st.just("borrow"), st.booleans()),
    ),
    max_size=40,
)


@given(_overflows, _events)
@_moderately
def test_nobody_is_served_before_another_with_the_same_need_who_waits_longer(
    overflow: list[Overflow], events: list[tuple[str, Any]]
) -> None:
    router, now = Router(overflow), NOON + 10
    for kind, value in events:
        if kind == "time":
            now += value
        else:
            getattr(router, kind)(value)
        waiting = {call.call_id: call for call in router.waiting()}
        for decision in router.decide(now):
            served = waiting.pop(decision.call_id)
            same = [call for call in waiting.values() if call.need == served.need]
            assert all(place(served) < place(call) for call in same)


@given(_waiting, _overflows, _idle)
@_moderately
def test_a_caller_is_served_at_the_very_instant_from_which_an_agent_could_take_him(
    call: Waiting, overflow: list[Overflow], agent: Idle
) -> None:
    call, began = replace(call, reachable=True), steps_since(call)
    router = Router(overflow)
    fill(router, [call, agent])
    at: float | None = began
    while at is not None and not (decisions := router.decide(at)):
        assert not router.could_take(agent.agent_id, agent.skills, call, at)
        at = router.next_at(at)
        if at is not None:
            assert router.decide(math.nextafter(at, 0.0)) == []
    if at is not None:
        assert [(d.call_id, d.agent_id) for d in decisions] == [(call.call_id, agent.agent_id)]
