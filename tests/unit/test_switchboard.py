"""The live truth of a city, driven as a day would drive it, with the clock in our hand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.roster import Agent
from agents.status import Cause, State, StatusRefused
from cti.calls import AgentFact, AgentId, CallFact, CallId, Milestone, Need, NeedStep, SkillNeed, Value
from cti.switchboard import Effects, Switchboard, UnknownCall, definition

NEED = Need("general", (NeedStep((SkillNeed("general"),)),)).to_text()


class House:
    """A switchboard with agents, its clock, and the journal it would have written."""

    def __init__(self, *agents: str, wrap_up_s: float = 0.0) -> None:
        self.now = 1_000.0
        self.journal: list[Milestone] = []
        self.board = Switchboard(wrap_up_s)
        self.board.set_roster({AgentId(a): Agent(AgentId(a), a, {"general": 3}) for a in agents})
        self.agents = agents
        self.wrap_up_s = wrap_up_s

    def pass_time(self, seconds: float) -> Effects:
        self.now += seconds
        return self.keep(self.board.tick(self.now))

    def call(self, kind: CallFact, call: str, **data: object) -> Effects:
        return self.keep(self.board.apply(kind, CallId(call), self.now, data))  # type: ignore[arg-type]

    def agent(self, kind: AgentFact, agent: str, **data: str) -> Effects:
        return self.keep(self.board.apply_agent(kind, AgentId(agent), self.now, data))

    def keep(self, effects: Effects) -> Effects:
        self.journal += effects.milestones
        return effects

    def ready(self, *agents: str) -> None:
        for agent in agents:
            self.agent(AgentFact.LOGGED_IN, agent)
            self.agent(AgentFact.STATUS, agent, status="ready")

    def arrives(self, *calls: str) -> None:
        for call in calls:
            self.call(CallFact.ARRIVED, call, dialled="12345")
            self.board.attach(CallId(call), self, self.now)

    def queues(self, *calls: str) -> None:
        for call in calls:
            self.now += 1.0
            self.call(CallFact.QUEUED, call, queue="general", need=NEED)

    def state(self, agent: str) -> State:
        return self.board.desks[AgentId(agent)].state(self.now)

    def recovered(self) -> House:
        """The same house after a crash: a fresh switchboard that has read the journal."""
        other = House(*self.agents, wrap_up_s=self.wrap_up_s)
        other.now = self.now
        copies = [milestone for milestone in self.journal if milestone.stream == "agent"]  # at heads of journal files
        other.board.recover([*self.journal, *reversed(copies)], self.now)
        return other


def test_a_caller_is_offered_to_the_agent_who_is_ready() -> None:
    house = House("a1")
    house.ready("a1")
    house.arrives("c1")
    effects = house.call(CallFact.QUEUED, "c1", queue="general", need=NEED)
    assert [m.kind for m in effects.milestones] == ["queued", "offered"]
    assert effects.wakes == ("c1",)
    assert house.board.offer_of(CallId("c1")) == "a1"
    assert house.state("a1") is State.OFFERED


def test_talk_wrap_up_and_the_next_caller() -> None:
    house = House("a1", wrap_up_s=20.0)
    house.ready("a1")
    house.arrives("c1", "c2")
    house.queues("c1", "c2")
    house.call(CallFact.ANSWERED, "c1", agent="a1", n=1)
    assert house.state("a1") is State.TALKING
    house.now += 100.0
    assert house.call(CallFact.TALK_ENDED, "c1", agent="a1", n=1, side="agent", talk_s=100.0).wakes == ()
    assert house.state("a1") is State.WRAP_UP
    assert house.board.next_tick_at(house.now) == house.now + 20.0
    assert house.pass_time(20.0).wakes == ("c2",)


def test_wrap_up_can_be_finished_early_and_only_while_it_lasts() -> None:
    house = House("a1", wrap_up_s=20.0)
    house.ready("a1")
    house.arrives("c1", "c2")
    house.queues("c1", "c2")
    house.call(CallFact.ANSWERED, "c1", agent="a1", n=1)
    house.call(CallFact.TALK_ENDED, "c1", agent="a1", n=1, side="agent", talk_s=1.0)
    assert house.agent(AgentFact.WRAP_UP_FINISHED, "a1").wakes == ("c2",)
    with pytest.raises(StatusRefused):
        house.agent(AgentFact.WRAP_UP_FINISHED, "a1")


@pytest.mark.parametrize(
    ("outcome", "state"),
    [("no_answer", State.NOT_ANSWERING), ("rejected", State.NOT_ANSWERING), ("unreachable", State.NOT_READY)],
)
def test_ring_no_answer_keeps_the_place_and_spares_the_agent(outcome: str, state: State) -> None:
    house = House("a1", "a2")
    house.ready("a1")
    house.arrives("first", "second")
    house.queues("first", "second")
    assert house.board.offer_of(CallId("first")) == "a1"
    house.call(CallFact.OFFER_FAILED, "first", agent="a1", n=1, outcome=outcome)
    assert house.state("a1") is state
    assert house.board.desks[AgentId("a1")].status == "ready", "what he chose is his own"
    assert house.board.position(CallId("first")) == 1
    house.ready("a2")
    assert house.board.offer_of(CallId("first")) == "a2"


def test_after_a_ring_no_answer_the_agent_is_offered_the_next_call_when_the_pause_is_over() -> None:
    house = House("a1")
    house.ready("a1")
    house.arrives("c1")
    house.queues("c1")
    house.call(CallFact.OFFER_FAILED, "c1", agent="a1", n=1, outcome="no_answer")
    assert house.board.next_tick_at(house.now) == house.now + 10.0
    assert house.pass_time(9.9).wakes == ()
    assert house.pass_time(0.1).wakes == ("c1",)
    # and after the second in a row he is not ready any more, until he says that he is back
    house.call(CallFact.OFFER_FAILED, "c1", agent="a1", n=2, outcome="no_answer")
    desk = house.board.desks[AgentId("a1")]
    assert (desk.status, desk.reason, desk.state(house.now)) == ("break", "no_answer", State.NOT_READY)
    assert house.pass_time(3600.0).wakes == ()
    assert house.agent(AgentFact.STATUS, "a1", status="ready").wakes == ("c1",)


def test_an_agent_whose_line_went_dead_gets_no_call_until_his_telephone_is_back() -> None:
    house = House("a1", wrap_up_s=20.0)
    house.ready("a1")
    house.arrives("c1", "c2")
    house.queues("c1", "c2")
    house.call(CallFact.ANSWERED, "c1", agent="a1", n=1)
    house.call(CallFact.TALK_ENDED, "c1", agent="a1", n=1, side="agent_lost", talk_s=9.0)
    assert house.state("a1") is State.NOT_READY
    assert house.board.desks[AgentId("a1")].causes(house.now) == {Cause.PHONE_AWAY}
    assert house.pass_time(600.0).wakes == ()
    assert house.agent(AgentFact.RELEASED, "a1", reason="phone_away").wakes == ("c2",)


def test_a_citizen_on_hold_is_seen_at_the_desk_until_the_talk_ends() -> None:
    house = House("a1")
    house.ready("a1")
    house.arrives("c1")
    house.queues("c1")
    house.call(CallFact.HELD, "c1", agent="a1")
    assert house.state("a1") is State.OFFERED, "nobody talks yet"
    house.call(CallFact.ANSWERED, "c1", agent="a1", n=1)
    house.call(CallFact.HELD, "c1", agent="a1")
    assert house.state("a1") is State.HELD
    assert house.recovered().state("a1") is State.HELD
    house.call(CallFact.UNHELD, "c1", agent="a1")
    assert house.state("a1") is State.TALKING
    house.call(CallFact.HELD, "c1", agent="a1")
    house.call(CallFact.TALK_ENDED, "c1", agent="a1", n=1, side="caller", talk_s=3.0)
    assert house.state("a1") is State.IDLE


def test_a_caller_who_leaves_while_it_rings_does_not_pause_the_agent() -> None:
    house = House("a1")
    house.ready("a1")
    house.arrives("c1", "c2")
    house.queues("c1", "c2")
    effects = house.call(CallFact.OFFER_FAILED, "c1", agent="a1", n=1, outcome="caller_left")
    assert effects.wakes == ("c2",)
    house.call(CallFact.ENDED, "c1", side="caller", place="ringing", lost_at="ringing")
    assert house.board.calls.keys() == {"c2"}
    assert house.board.offer_of(CallId("c2")) == "a1"


def test_status_rules_refuse_and_change_nothing() -> None:
    house = House("a1")
    with pytest.raises(StatusRefused, match="log in first"):
        house.agent(AgentFact.STATUS, "a1", status="ready")
    house.agent(AgentFact.LOGGED_IN, "a1")
    before = house.board.desks[AgentId("a1")]
    with pytest.raises(StatusRefused, match="needs a reason"):
        house.agent(AgentFact.STATUS, "a1", status="break")
    with pytest.raises(ValueError, match="not_answering"):
        house.agent(AgentFact.STATUS, "a1", status="not_answering")
    with pytest.raises(KeyError):
        house.agent(AgentFact.LOGGED_IN, "nobody")
    assert house.board.desks[AgentId("a1")] == before


def test_a_fact_about_an_unknown_call_is_refused() -> None:
    with pytest.raises(UnknownCall):
        House().call(CallFact.QUEUED, "never", queue="general", need=NEED)


def test_after_a_crash_callers_wait_in_their_old_order_and_nobody_overtakes() -> None:
    house = House("a1")
    house.arrives("c1", "c2", "c3")
    house.queues("c2", "c3", "c1")
    after = house.recovered()
    assert [after.board.position(CallId(c)) for c in ("c2", "c3", "c1")] == [1, 2, 3]
    after.ready("a1")
    assert after.board.offer_of(CallId("c3")) is None
    assert after.board.attach(CallId("c3"), after, after.now).wakes == ()
    assert after.board.attach(CallId("c2"), after, after.now).wakes == ("c2",)


def test_who_does_not_come_back_holds_nobody_up_for_more_than_three_seconds() -> None:
    house = House("a1")
    house.arrives("c1", "c2")
    house.queues("c1", "c2")
    after = house.recovered()
    after.ready("a1")
    after.board.attach(CallId("c2"), after, after.now)
    assert after.board.next_tick_at(after.now) == after.now + 3.0
    assert after.pass_time(3.0).wakes == ("c2",)


def test_a_session_that_is_seen_to_be_gone_late_does_not_take_the_call_from_the_new_one() -> None:
    house = House("a1")
    house.arrives("c1")
    house.queues("c1")
    old, new = object(), object()
    house.board.attach(CallId("c1"), old, house.now)
    house.board.attach(CallId("c1"), new, house.now)
    house.board.detach(CallId("c1"), old)
    house.ready("a1")
    assert house.board.offer_of(CallId("c1")) == "a1"


def test_a_talk_and_its_agent_survive_a_crash() -> None:
    house = House("a1", wrap_up_s=5.0)
    house.ready("a1")
    house.arrives("c1")
    house.queues("c1")
    house.call(CallFact.ANSWERED, "c1", agent="a1", n=1)
    after = house.recovered()
    assert after.state("a1") is State.TALKING
    after.call(CallFact.TALK_ENDED, "c1", agent="a1", n=1, side="agent", talk_s=3.0)
    assert after.state("a1") is State.WRAP_UP


def test_a_temporary_agent_survives_a_crash_and_can_be_removed() -> None:
    house = House()
    agent = Agent(AgentId("t1"), "test", {"general": 3}, temporary=True)
    house.agent(AgentFact.ADDED, "t1", definition=definition(agent))
    house.ready("t1")
    after = house.recovered()
    assert after.state("t1") is State.IDLE
    after.agent(AgentFact.REMOVED, "t1")
    assert AgentId("t1") not in after.board.desks


def test_numbers_of_a_call_rise_by_one_and_an_agents_never_repeat() -> None:
    house = House("a1")
    house.ready("a1")
    house.arrives("c1")
    house.queues("c1")
    house.call(CallFact.ANSWERED, "c1", agent="a1", n=1)
    assert [m.seq for m in house.journal if m.stream == "call"] == [1, 2, 3, 4]
    later = House("a1")  # the journal of yesterday is gone
    later.now = house.now + 60
    later.ready("a1")
    seqs = [m.seq for m in [*house.journal, *later.journal] if m.stream == "agent"]
    assert seqs == sorted(set(seqs))


def test_the_end_of_an_earlier_offer_comes_late_and_changes_nothing() -> None:
    house = House("a1")
    house.ready("a1")
    house.arrives("c1")
    house.queues("c1")
    house.call(CallFact.OFFER_FAILED, "c1", agent="a1", n=1, outcome="interrupted")
    assert house.board.calls[CallId("c1")].offers == 2
    # When what became of the first offer is told again, and that it was answered, and that a talk ended
    for kind, data in (
        (CallFact.OFFER_FAILED, {"n": 1, "outcome": "no_answer"}),
        (CallFact.OFFER_FAILED, {"n": 2, "agent": "a2", "outcome": "no_answer"}),
        (CallFact.ANSWERED, {"n": 1}),
        (CallFact.TALK_ENDED, {"n": 1, "side": "agent"}),
        (CallFact.QUEUED, {"queue": "general", "need": NEED}),
    ):
        assert house.call(kind, "c1", **({"agent": "a1"} | data)).milestones == ()
    # Then the second offer stands
    assert (house.board.offer_of(CallId("c1")), house.state("a1")) == ("a1", State.OFFERED)


def test_who_leaves_the_queue_as_an_agent_is_found_leaves_the_agent_free() -> None:
    house = House("a1")
    house.ready("a1")
    house.arrives("c1", "c2")
    house.queues("c1", "c2")
    effects = house.call(CallFact.LEFT_QUEUE, "c1", reason="left_by_key")
    assert [m.kind for m in effects.milestones] == ["offer_failed", "left_queue", "offered"]
    assert effects.milestones[0].data["outcome"] == "caller_left"
    assert (house.board.calls[CallId("c1")].agent, house.board.offer_of(CallId("c2"))) == (None, "a1")


def test_a_talk_that_is_found_after_a_crash_takes_no_agent_from_the_call_he_has_now() -> None:
    # Given a daemon that died before it noted that c1 was offered, and c2, which the next one offered to that agent
    house = House("a1", wrap_up_s=20.0)
    house.ready("a1")
    house.arrives("c1", "c2")
    house.queues("c2", "c1")
    assert house.board.offer_of(CallId("c2")) == "a1"
    # When c1 comes back from its talk
    house.call(CallFact.OFFERED, "c1", agent="a1", n=1, why="found after a crash")
    house.call(CallFact.ANSWERED, "c1", agent="a1", n=1)
    assert house.state("a1") is State.OFFERED
    house.call(CallFact.TALK_ENDED, "c1", agent="a1", n=1, side="agent", talk_s=5.0)
    # Then its record is whole, and the agent still has c2
    assert house.board.calls[CallId("c1")].ever_answered
    assert (house.state("a1"), house.board.desks[AgentId("a1")].call_id) == (State.OFFERED, "c2")
    assert house.board.desks[AgentId("a1")].wrap_up is None
    assert house.recovered().board.desks == house.board.desks


def test_with_a_place_kept_those_are_counted_who_could_take_him_by_then() -> None:
    house = House("a1")
    house.ready("a1")
    house.arrives("c1")
    need = Need("general", (NeedStep((SkillNeed("general", 5),), 30.0),)).to_text()
    since = house.now - 60.0
    effects = house.call(CallFact.QUEUED, "c1", queue="general", need=need, since=since, steps_since=since)
    assert effects.milestones[0].data["able"] == "idle 1"


_actions = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *("arrive", "queue", "answer", "fail", "hold", "end_talk", "end", "time"),
                *("ready", "break", "out", "away", "back", "page"),
            ]
        ),
        st.integers(0, 4),
    ),
    max_size=60,
)


@settings(max_examples=200)
@given(_actions)
def test_whatever_happens_a_recovered_switchboard_equals_the_one_that_died(actions: list[tuple[str, int]]) -> None:
    house = House("a0", "a1", "a2", wrap_up_s=3.0)
    born = 0
    for action, n in actions:
        live = sorted(house.board.calls)
        call = live[n % len(live)] if live else None
        phase = house.board.calls[CallId(call)].phase if call else None
        agent = f"a{n % 3}"
        match action:
            case "arrive":
                born += 1
                house.arrives(f"c{born:03}")
            case "queue" if call and phase in ("greeting", "after_talk"):
                house.queues(call)
            case "answer" if call and phase == "ringing":
                house.call(CallFact.ANSWERED, call, agent=house.board.calls[CallId(call)].agent, n=1)
            case "fail" if call and phase == "ringing":
                ringing = house.board.calls[CallId(call)].agent
                outcome = ("no_answer", "rejected", "unreachable")[n % 3]
                house.call(CallFact.OFFER_FAILED, call, agent=ringing, n=1, outcome=outcome)
            case "hold" if call:
                house.call(CallFact.HELD if n % 2 else CallFact.UNHELD, call)
            case "end_talk" if call and phase == "talk":
                house.call(CallFact.TALK_ENDED, call, side="agent_lost" if n % 4 == 3 else "agent", talk_s=1.0)
            case "end" if call:
                house.call(CallFact.ENDED, call, side="caller", place=phase, lost_at=None)
            case "ready":
                house.ready(agent)
            case "break":
                house.agent(AgentFact.LOGGED_IN, agent)
            case "out":
                house.agent(AgentFact.LOGGED_OUT, agent)
            case "away":
                house.agent(AgentFact.HELD_BACK, agent, reason="phone_away")
            case "back":
                house.agent(AgentFact.RELEASED, agent, reason="phone_away")
            case "page":
                house.agent(AgentFact.PAGE_OPENED, agent)
            case "time":
                house.pass_time(n)
        talking = [d.call_id for d in house.board.desks.values() if d.call_id]
        assert len(talking) == len(set(talking)), "one call at one desk"
        for desk in house.board.desks.values():
            assert desk.call_id is None or house.board.calls[desk.call_id].agent == desk.agent.id
    after = house.recovered()
    assert after.board.desks == house.board.desks
    for call_id, before in house.board.calls.items():
        now = after.board.calls[call_id]
        assert not now.attached
        assert (now.phase, now.agent, now.queued_at, now.seq) == (
            before.phase,
            before.agent,
            before.queued_at,
            before.seq,
        )
    assert after.board.calls.keys() == house.board.calls.keys()


def test_after_a_take_over_numbers_go_on_where_the_other_daemon_never_was() -> None:
    # Given a waiting call, and another daemon that takes over
    house = House("a1")
    house.arrives("c1")
    house.queues("c1")
    other = Switchboard(0.0)
    other.recover(house.journal, house.now, first_seq=5_000)
    # When something happens to it, and to calls that it has never heard of
    first, second = (
        other.apply(kind, CallId("c1"), house.now, {"phase": "queue"}).milestones[0]
        for kind in (CallFact.RESUMED, CallFact.HUMAN_ASKED)
    )
    new, again = (
        other.apply(CallFact.ARRIVED, CallId(call), house.now, data).milestones[0]
        for call, data in (("c2", {}), ("c3", {"again": True}))
    )
    # Then only what the other may have noted too has a number beyond all of its own, and says from where it jumped
    assert (first.seq, first.data["seq_from"]) == (5_000, 2)
    assert (second.seq, "seq_from" in second.data) == (5_001, False)
    assert new.seq == 1
    assert (again.seq, again.data["seq_from"]) == (5_000, 0)
    assert other.apply(CallFact.HUMAN_ASKED, CallId("c3"), house.now).milestones[0].seq == 5_001


def test_an_agent_who_leaves_a_talk_to_a_colleague_has_after_call_work_and_so_has_the_colleague() -> None:
    house = House("a1", "a2", wrap_up_s=20.0)
    house.ready("a1")
    house.arrives("c1")
    house.queues("c1")
    house.call(CallFact.ANSWERED, "c1", agent="a1", n=1)
    house.ready("a2")
    house.keep(
        house.board.apply(
            CallFact.PARTY_ASKED,
            CallId("c1"),
            house.now,
            {"p": 1, "kind": "agent", "target": "a2", "mode": "conference", "by": "a1", "agent": "a2"},
        )
    )
    house.arrives("c2")
    house.queues("c2")
    assert house.board.offer_of(CallId("c2")) is None, "who is called to a talk is offered no other call"
    house.call(CallFact.PARTY_JOINED, "c1", p=1, mode="conference")
    assert (house.state("a1"), house.state("a2")) == (State.TALKING, State.TALKING)

    house.call(CallFact.HANDED_OVER, "c1", p=1, agent="a2", by="a1", n=1, side="agent", talk_s=9.0)
    assert (house.state("a1"), house.state("a2")) == (State.WRAP_UP, State.TALKING)
    call = house.board.calls[CallId("c1")]
    assert (call.agent, call.lead, call.phase) == ("a2", 1, "talk")
    assert house.recovered().board.calls[CallId("c1")].agent == "a2"

    house.call(CallFact.PARTY_LEFT, "c1", p=1, side="party", talk_s=9.0)
    assert house.state("a2") is State.WRAP_UP
    assert call.phase == "after_talk"
    assert house.pass_time(20.0).wakes == ("c2",)


def test_a_colleague_who_lets_it_ring_is_spared_as_after_any_offer() -> None:
    house = House("a1", "a2")
    house.ready("a1")
    house.arrives("c1")
    house.queues("c1")
    house.call(CallFact.ANSWERED, "c1", agent="a1", n=1)
    house.ready("a2")
    asked: dict[str, Value] = {"p": 1, "kind": "agent", "target": "a2", "mode": "consult", "by": "a1", "agent": "a2"}
    house.keep(house.board.apply(CallFact.PARTY_ASKED, CallId("c1"), house.now, asked))
    house.call(CallFact.PARTY_FAILED, "c1", p=1, outcome="no_answer")
    assert (house.state("a1"), house.state("a2")) == (State.TALKING, State.NOT_ANSWERING)
