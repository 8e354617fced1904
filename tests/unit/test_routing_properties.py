"""Routing under any order of events: the same as the plain model, nobody left, nobody overtaken, nobody twice."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from cti.calls import EMERGENCY_S, AgentId, CallId, Need, NeedStep, SkillNeed
from queues.decision import Decision
from queues.routing import Idle, Overflow, Router, Waiting
from support.slow_router import SlowRouter

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
        # Forgets what is not in use at every opportunity.
        self.quick._pools._forget_above = self.quick._pools._limit = 1
        self.now = NOON

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
        before = {call.call_id for call in self.slow.waiting()}
        decisions = self.quick.decide(self.now)
        assert decisions == self.slow.decide(self.now)
        assert self.quick.waiting() == self.slow.waiting()
        served = [decision.call_id for decision in decisions]
        assert sorted(served + [call.call_id for call in self.quick.waiting()]) == sorted(before)
        self._nobody_is_left()

    def _nobody_is_left(self) -> None:
        waiting = self.quick.waiting()
        if all(call.reachable for call in waiting):
            pairs = [(agent, call) for agent in self.slow.idle() for call in waiting]
            assert not any(self.quick.could_take(a.agent_id, a.skills, call, self.now) for a, call in pairs)

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
        assert self.quick.waiting_count() == len(waiting)
        for call in waiting:
            assert self.quick.position(call.call_id) == self.slow.position(call.call_id)
            able = self.slow.could_take(agent.agent_id, agent.skills, call, self.now)
            assert self.quick.could_take(agent.agent_id, agent.skills, call, self.now) == able


TestRouters = Routers.TestCase
TestRouters.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
