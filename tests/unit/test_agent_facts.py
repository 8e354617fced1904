"""An agent's desk made of facts: one coherent state whatever comes, twice or late, and known again."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.facts import accepted, folded, offer_failed, talk_over
from agents.roster import Agent
from agents.status import Cause, Desk, DeskRules, State, Status, StatusRefused, held_from_text, held_to_text
from agents.wrap_up import KINDS, Kind, WrapUpPolicy
from cti.calls import AgentFact, AgentId, CallId, Milestone, Value
from cti.storage.kept import Kept
from cti.storage.segments import decode

A1 = AgentId("a1")


class OneDesk:
    """A desk, its clock and its journal."""

    def __init__(self, kind: Kind = "optional", wrap_up_s: float = 20.0, limit: int = 2) -> None:
        self.now = 1_763_700_000.0
        self.desk = Desk(Agent(A1, "林小燕", {"general": 3}))
        self.rules = DeskRules(no_answer_limit=limit)
        self.policy = WrapUpPolicy(kind, wrap_up_s, 60.0)
        self.journal: list[Milestone] = []

    def say(self, kind: AgentFact, **data: Value) -> int:
        """How many facts were noted."""
        return self.note(accepted(self.desk, kind, data, self.now))

    def note(self, facts: list[tuple[AgentFact, dict[str, Value]]]) -> int:
        for kind, data in facts:
            seq = max(self.journal[-1].seq + 1 if self.journal else 1, int(self.now * 1_000_000))
            self.journal.append(Milestone("agent", A1, seq, self.now, kind, data))
            self.desk = folded(self.desk, kind, data, self.now)
        return len(facts)

    def ready(self) -> None:
        self.say(AgentFact.LOGGED_IN)
        self.say(AgentFact.STATUS, status="ready")

    def talk(self, seconds: float = 60.0, side: str = "agent") -> None:
        self.desk = self.desk.offer(CallId("c1"), self.now).answered(self.now)
        self.now += seconds
        self.desk = self.desk.call_over(self.now)
        self.note(talk_over(self.desk, CallId("c1"), side, self.now, self.policy))

    def misses(self, outcome: str = "no_answer") -> None:
        self.desk = self.desk.offer(CallId("c1"), self.now).call_over(self.now)
        self.note(offer_failed(self.desk, outcome, self.now, self.rules))

    @property
    def state(self) -> State:
        return self.desk.state(self.now)


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrap_up_of_each_kind(kind: Kind) -> None:
    one = OneDesk(kind)
    one.ready()
    one.talk()
    assert one.state is State.WRAP_UP
    one.now += 5.0
    if kind == "fixed":
        with pytest.raises(StatusRefused, match="15 s are left") as refused:
            one.say(AgentFact.WRAP_UP_FINISHED)
        assert refused.value.code == "wrap_up_fixed"
    if kind == "extendable":
        one.say(AgentFact.WRAP_UP_EXTENDED, seconds=30.0)
        one.now += 44.0
        assert one.state is State.WRAP_UP
        one.say(AgentFact.WRAP_UP_EXTENDED, seconds=300.0)
        assert one.desk.next_change_at(one.now) == one.now + 11.0, "60 s in all at most"
        with pytest.raises(StatusRefused, match="lasts 60 s at most"):
            one.say(AgentFact.WRAP_UP_EXTENDED, seconds=1.0)
    else:
        with pytest.raises(StatusRefused, match="cannot be extended"):
            one.say(AgentFact.WRAP_UP_EXTENDED, seconds=30.0)
    one.now += 15.0
    assert (one.state is State.WRAP_UP) == (kind == "forced")
    if kind == "forced":
        one.now += 3600.0
        assert one.desk.next_change_at(one.now) is None
        one.say(AgentFact.WRAP_UP_FINISHED)
        assert (one.state, one.desk.idle_since) == (State.IDLE, one.now)
    with pytest.raises(StatusRefused, match="no wrap-up now"):
        one.say(AgentFact.WRAP_UP_FINISHED)


@pytest.mark.parametrize("kind", KINDS)
def test_choosing_ready_ends_a_wrap_up_unless_it_is_fixed(kind: Kind) -> None:
    one = OneDesk(kind)
    one.ready()
    one.talk()
    noted = one.say(AgentFact.STATUS, status="ready")
    assert (one.state, noted) == ((State.WRAP_UP, 0) if kind == "fixed" else (State.IDLE, 2))


def test_an_agent_can_have_a_wrap_up_of_his_own_and_none_means_none() -> None:
    rules = DeskRules(wrap_up="forced", wrap_up_most_s=90.0)
    agent = Agent(A1, "a1", {"general": 1})
    assert rules.wrap_up_of(agent, 20.0) == WrapUpPolicy("forced", 20.0, 90.0)
    own = replace(agent, wrap_up="fixed", wrap_up_s=5.0)
    assert rules.wrap_up_of(own, 20.0) == WrapUpPolicy("fixed", 5.0, 90.0)
    one = OneDesk("forced", wrap_up_s=0.0)
    one.ready()
    one.talk()
    assert one.state is State.IDLE


def test_one_miss_is_a_pause_and_too_many_in_a_row_a_break_with_the_reason() -> None:
    one = OneDesk(limit=3)
    one.ready()
    for _ in range(2):
        one.misses()
        assert (one.state, one.desk.status) == (State.NOT_ANSWERING, Status.READY)
        one.now += 10.0
        assert one.state is State.IDLE
    one.misses("rejected")
    assert (one.state, one.desk.status, one.desk.reason) == (State.NOT_READY, Status.BREAK, "rejected")
    one.say(AgentFact.STATUS, status="ready")
    assert (one.state, one.desk.misses) == (State.IDLE, 0)


def test_an_answered_call_resets_the_count_and_a_line_that_went_dead_does_not() -> None:
    one = OneDesk()
    one.ready()
    one.misses()
    one.now += 20.0
    one.talk()
    assert one.desk.misses == 0
    one.now += 20.0
    one.misses()
    assert one.desk.status is Status.READY
    one.now += 20.0
    one.talk(side="agent_lost")
    assert one.desk.misses == 1
    one.note(offer_failed(one.desk, "agent_lost", one.now, one.rules))
    assert (one.desk.status, one.desk.reason) == (Status.BREAK, "agent_lost")
    assert Cause.PHONE_AWAY in one.desk.causes(one.now)


def test_what_is_held_back_is_not_what_was_chosen() -> None:
    one = OneDesk()
    one.ready()
    for cause in (Cause.PHONE_AWAY, Cause.PAGE_AWAY, Cause.ELSEWHERE):
        assert one.say(AgentFact.HELD_BACK, reason=cause.value) == 1
        assert one.say(AgentFact.HELD_BACK, reason=cause.value) == 0, "known already"
        assert (one.desk.status, one.state) == (Status.READY, State.NOT_READY)
    one.say(AgentFact.STATUS, status="break", reason="lunch")
    one.say(AgentFact.STATUS, status="ready")
    assert one.state is State.NOT_READY, "choosing ready brings no telephone back"
    for cause in (Cause.PAGE_AWAY, Cause.PHONE_AWAY, Cause.ELSEWHERE):
        assert one.state is State.NOT_READY
        one.now += 1.0
        assert one.say(AgentFact.RELEASED, reason=cause.value) == 1
        assert one.say(AgentFact.RELEASED, reason=cause.value) == 0
    assert (one.state, one.desk.idle_since) == (State.IDLE, one.now)


def test_what_is_known_of_a_telephone_is_known_at_log_in() -> None:
    one = OneDesk()
    assert one.say(AgentFact.HELD_BACK, reason="phone_away") == 1
    assert one.state is State.OFFLINE
    one.ready()
    assert one.state is State.NOT_READY
    one.say(AgentFact.LOGGED_OUT)
    one.ready()
    assert one.state is State.NOT_READY
    one.say(AgentFact.RELEASED, reason="phone_away")
    assert one.state is State.IDLE


def test_a_page_is_nothing_to_who_is_not_there_and_a_log_out_forgets_it() -> None:
    one = OneDesk()
    assert one.say(AgentFact.HELD_BACK, reason="page_away") == 0
    assert one.say(AgentFact.PAGE_OPENED) == 0
    with pytest.raises(StatusRefused, match="log in first"):
        one.say(AgentFact.STATUS, status="ready")
    one.ready()
    one.say(AgentFact.PAGE_OPENED)
    one.say(AgentFact.HELD_BACK, reason="page_away")
    assert one.say(AgentFact.LOGGED_IN) == 0, "who is logged in stays what he is"
    assert one.desk.status is Status.READY
    one.say(AgentFact.STATUS, status="offline")
    assert [m.kind for m in one.journal][-1] == "logged_out"
    assert one.say(AgentFact.LOGGED_OUT) == 0
    one.ready()
    assert (one.state, one.desk.page_seen) == (State.IDLE, False)


@pytest.mark.parametrize("bad", [{"reason": "bored"}, {"reason": ""}])
def test_an_unknown_cause_is_refused(bad: dict[str, str]) -> None:
    one = OneDesk()
    one.ready()
    with pytest.raises(ValueError, match=r"bored|''"):
        one.say(AgentFact.HELD_BACK, **bad)


_acts = st.lists(
    st.tuples(
        st.sampled_from(
            ["login", "logout", "ready", "break", "held", "released", "page", "talk", "lost", "miss", "finish", "more"]
        ),
        st.integers(0, 30),
    ),
    max_size=40,
)


@given(acts=_acts, kind=st.sampled_from(KINDS), seed=st.randoms(use_true_random=False))
def test_any_history_makes_one_coherent_desk_that_is_known_again_from_what_is_kept(
    acts: list[tuple[str, int]], kind: Kind, seed: object
) -> None:
    one = OneDesk(kind, wrap_up_s=5.0)
    causes = list(Cause)
    for act, n in acts:
        one.now += n / 3
        try:
            match act:
                case "login":
                    one.say(AgentFact.LOGGED_IN)
                case "logout":
                    one.say(AgentFact.LOGGED_OUT, reason="logout")
                case "ready":
                    one.say(AgentFact.STATUS, status="ready")
                case "break":
                    one.say(AgentFact.STATUS, status="break", reason=f"r{n % 2}")
                case "held":
                    until = one.now + n if n % 2 else None
                    one.say(AgentFact.HELD_BACK, reason=causes[n % 4].value, until=until)
                case "released":
                    one.say(AgentFact.RELEASED, reason=causes[n % 4].value)
                case "page":
                    one.say(AgentFact.PAGE_OPENED)
                case "talk" if one.state is State.IDLE:
                    one.talk(n)
                case "lost" if one.state is State.IDLE:
                    one.talk(n, "agent_lost")
                    one.note(offer_failed(one.desk, "agent_lost", one.now, one.rules))
                case "miss" if one.state is State.IDLE:
                    one.misses(("no_answer", "unreachable")[n % 2])
                case "finish":
                    one.say(AgentFact.WRAP_UP_FINISHED)
                case "more":
                    one.say(AgentFact.WRAP_UP_EXTENDED, seconds=float(n))
        except StatusRefused:
            pass
        # one coherent state
        desk = one.desk
        assert (desk.status is Status.OFFLINE) == (one.state is State.OFFLINE)
        if one.state is State.IDLE:
            assert desk.status is Status.READY
            assert not desk.causes(one.now)
            assert desk.idle_since <= one.now
        if desk.status is Status.OFFLINE:
            assert desk.held_back.keys() <= {Cause.PHONE_AWAY, Cause.ELSEWHERE}
            assert desk.wrap_up is None
    kept = Kept()
    for number, milestone in enumerate(one.journal):
        kept.add(milestone, number // 7)
    again = Desk(one.desk.agent)
    for milestone in map(decode, kept.lasting_lines().splitlines(keepends=True)):
        again = folded(again, AgentFact(milestone.kind), milestone.data, milestone.at)
    for later in (0.0, 3.0, 20.0, 1000.0):
        assert again.state(one.now + later) == one.desk.state(one.now + later)
    assert (again.status, again.reason, again.misses) == (one.desk.status, one.desk.reason, one.desk.misses)
    assert (again.causes(one.now), again.page_seen) == (one.desk.causes(one.now), one.desk.page_seen)


@given(st.dictionaries(st.sampled_from(list(Cause)), st.one_of(st.just(math.inf), st.integers(0, 10**10).map(float))))
def test_what_is_held_back_survives_as_text(held: dict[Cause, float]) -> None:
    assert held_from_text(held_to_text(held)) == held
