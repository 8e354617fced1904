"""The switchboard under facts in any order, and after a crash at any line of its journal: nobody is lost or doubled."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from agents.roster import Agent
from agents.status import State, StatusRefused
from cti.calls import AgentFact, AgentId, CallFact, CallId, CityFact, Milestone, Need, NeedStep, SkillNeed, Value
from cti.live_call import Call
from cti.switchboard import Effects, Switchboard, UnknownCall
from queues.needs import Overflow

AGENTS = {
    AgentId("a0"): Agent(AgentId("a0"), "a0", {"general": 3}),
    AgentId("a1"): Agent(AgentId("a1"), "a1", {"general": 1, "enterprise": 3}),
    AgentId("a2"): Agent(AgentId("a2"), "a2", {"enterprise": 1}),
}
NEEDS = (
    Need("general", (NeedStep((SkillNeed("general", 3),), 4.0),)),
    Need("enterprise", (NeedStep((), 3.0, (AgentId("a1"),)), NeedStep((SkillNeed("enterprise", 2),), 5.0))),
    Need("general", (), 86_400.0),
)
OUTCOMES = ("no_answer", "rejected", "unreachable", "interrupted", "caller_left", "cut_off")
SIDES = ("agent", "caller", "agent_lost", "interrupted")
MODES = ("conference", "consult", "whisper")


class World:
    """A switchboard, its clock, and the journal that it writes."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.born = 0
        self.journal: list[Milestone] = []
        self.board = _new_board()

    def do(self, kind: str, n: int, m: int) -> list[Milestone]:
        """One fact, whether or not it fits; what became of it."""
        if kind == "time":
            self.now += n
        if kind == CallFact.ARRIVED and m:  # else one that is there arrives a second time
            self.born += 1
            n = self.born
        effects = _said(self.board, kind, n, m, self.now, self)
        self.journal += effects.milestones
        return list(effects.milestones)

    def after_crash(self, lines: int) -> World:
        """Another daemon that has the first `lines` of the journal, with all callers who come back at once."""
        other = World()
        other.now, other.born, other.journal = self.now, self.born, self.journal[:lines]
        other.board.recover(other.journal, other.now)
        for call_id in sorted(other.board.calls):
            other.journal += other.board.attach(call_id, other, other.now).milestones
        return other


def _new_board() -> Switchboard:
    board = Switchboard(3.0, overflow=(Overflow("enterprise", "general", 6.0), Overflow("general", "enterprise")))
    board.set_roster(AGENTS)
    return board


def _said(board: Switchboard, kind: str, n: int, m: int, now: float, holder: object) -> Effects:
    live = sorted(board.calls)
    call_id, agent_id = live[n % len(live)] if live else CallId("c00"), AgentId(f"a{m % 3}")
    if kind == CallFact.ARRIVED and m:
        call_id = CallId(f"c{n:02}")
    call = board.calls.get(call_id)
    # Of the offer that it has now, or of an earlier one or another agent.
    late: dict[str, Value] = {"agent": agent_id, "n": m % 4}
    present: dict[str, Value] = {"agent": call.agent, "n": call.offers} if call is not None and m < 12 else late
    data: dict[str, Value] = {}
    match kind:
        case CallFact.QUEUED:
            need = NEEDS[m % len(NEEDS)]
            data = {"queue": need.queue, "need": need.to_text(), "since": now - 10.0 * (m % 2)}
        case CallFact.OFFER_FAILED:
            data = present | {"outcome": OUTCOMES[m % len(OUTCOMES)]}
        case CallFact.ANSWERED:
            data = present
        case CallFact.TALK_ENDED:
            data = present | {"side": SIDES[m % len(SIDES)], "talk_s": 1.0}
        case CallFact.OFFERED:
            data = late | {"why": "found after a crash"}
        case CallFact.PARTY_ASKED:
            count = 0 if call is None else call.party_count
            blind, other = m == 15, AgentId(f"a{n % 3}")
            data = {"p": count + 1, "target": "x", "mode": "blind" if blind else MODES[m % 3], "by": "a0"}
            data |= {"kind": "department"} if blind or m % 2 else {"kind": "agent", "agent": other}
        case CallFact.PARTY_JOINED:
            data = {"p": _party(call, m), "mode": MODES[n % 3]}
        case CallFact.PARTY_FAILED:
            data = {"p": _party(call, m), "outcome": OUTCOMES[n % len(OUTCOMES)]}
        case CallFact.PARTY_LEFT:
            data = {"p": _party(call, m), "side": ("party", *SIDES)[n % 5], "talk_s": 1.0}
        case CallFact.HANDED_OVER:
            heir = None if call is None else call.heir()
            p, name = (m, None) if heir is None or m > 12 else (heir.p, heir.agent)
            data = {"p": p, "agent": name, "side": SIDES[n % 4], "talk_s": 1.0}
            data |= {"by": present.get("agent"), "n": present.get("n")}
        case CallFact.MOVED:
            data = {"to": "enterprise" if n % 2 else None, "kind": "queue", "by": "a0"}
        case AgentFact.STATUS:
            data = {"status": ("ready", "break", "offline")[n % 3], "reason": "lunch"}
        case AgentFact.HELD_BACK | AgentFact.RELEASED:
            data = {"reason": ("phone_away", "page_away", "elsewhere")[n % 3]}
        case AgentFact.WRAP_UP_EXTENDED:
            data = {"seconds": 5.0}
        case _:
            pass
    try:
        if kind == "time":
            return board.tick(now)
        if kind == "borrow":
            return board.apply_city(CityFact.RUNG, "borrow", now, {"on": n % 2 == 0, "by": "rule"})
        if kind in tuple(AgentFact):
            return board.apply_agent(AgentFact(kind), agent_id, now, data)
        effects = board.apply(CallFact(kind), call_id, now, data)
        if kind == CallFact.ARRIVED:
            back = board.attach(call_id, holder, now)
            effects = Effects(effects.milestones + back.milestones, effects.wakes + back.wakes)
        return effects
    except (UnknownCall, StatusRefused):
        return Effects()


def _party(call: Call | None, m: int) -> Value:
    """The number of one who is there, or one that may not."""
    return call.parties[m % len(call.parties)].p if call is not None and call.parties and m < 12 else m


def _check(world: World) -> None:
    """Nobody is lost, nobody is twice, and nobody waits whom an idle agent could take."""
    board, now = world.board, world.now
    at_desks = [(desk.call_id, desk) for desk in board.desks.values() if desk.call_id is not None]
    for call_id, desk in at_desks:
        call = board.calls[call_id]
        party = next((party for party in call.parties if party.agent == desk.agent.id), None)
        if party is not None:
            assert desk.talking == (party.state != "ringing")
            assert call.agent != desk.agent.id or call.lead == party.p, "he is there twice"
        else:
            assert call.agent == desk.agent.id, "a desk is occupied by a call that is not there"
            assert call.lead == 0
            assert call.phase in ("ringing", "talk")
            assert desk.talking == (call.phase == "talk")
    for call in board.calls.values():
        assert not call.parties or call.phase in ("talk", "party"), "others are there, and no talk"
        assert (call.phase == "party") <= (call.party(call.lead) is not None), "nobody leads"
        assert call.lead == 0 or call.agent == (call.party(call.lead) or call.parties[0]).agent
        assert all((party.answered_at is None) == (party.state == "ringing") for party in call.parties)
    waiting = [call.call_id for call in board.waiting()]
    assert sorted(waiting) == sorted(call.id for call in board.calls.values() if call.phase == "queue")
    for caller in board.waiting():
        for desk in board.desks.values():
            could = board._dispatch._router.could_take(desk.agent.id, desk.agent.skills, caller, now)
            assert not (could and desk.state(now) is State.IDLE), "an idle agent, and one who waits for him"


_FREES = (*(CallFact.OFFER_FAILED, CallFact.TALK_ENDED, CallFact.HANDED_OVER, CallFact.ENDED, CallFact.FELL_BACK),)


def _no_offer_twice(journal: list[Milestone]) -> None:
    """Between two offers to one agent the first of them was over, and so was any talk that he was called to."""
    has: dict[str, str] = {}
    for milestone in journal:
        party = f"{milestone.id} p{milestone.data.get('p')}"
        if milestone.kind == CallFact.PARTY_ASKED and milestone.data.get("agent"):
            agent = str(milestone.data["agent"])
            assert agent not in has, f"{agent} is called to a talk while he has {has[agent]}"
            has[agent] = party
        elif milestone.kind in (CallFact.PARTY_FAILED, CallFact.PARTY_LEFT):
            has = {agent: call for agent, call in has.items() if call != party}
        elif milestone.kind == CallFact.OFFERED:
            agent = str(milestone.data["agent"])
            if milestone.data["why"] != "found after a crash":
                assert agent not in has, f"{agent} is offered a call while he has {has[agent]}"
                has[agent] = milestone.id
        elif milestone.kind in _FREES:
            has = {agent: call for agent, call in has.items() if call != milestone.id}


_CALL_FACTS = (
    *(CallFact.ARRIVED, CallFact.MENU_ENTERED, CallFact.QUEUED, CallFact.QUEUED, CallFact.LEFT_QUEUE),
    *(CallFact.OFFERED, CallFact.OFFER_FAILED, CallFact.ANSWERED, CallFact.ANSWERED, CallFact.HELD, CallFact.UNHELD),
    *(CallFact.TALK_ENDED, CallFact.FELL_BACK, CallFact.ENDED, CallFact.RESUMED),
    *(CallFact.PARTY_ASKED, CallFact.PARTY_ASKED, CallFact.PARTY_JOINED, CallFact.PARTY_JOINED, CallFact.PARTY_FAILED),
    *(CallFact.PARTY_LEFT, CallFact.HANDED_OVER, CallFact.HANDED_OVER, CallFact.MOVED),
)
_AGENT_FACTS = (
    *(AgentFact.LOGGED_IN, AgentFact.STATUS, AgentFact.STATUS, AgentFact.HELD_BACK, AgentFact.RELEASED),
    *(AgentFact.PAGE_OPENED, AgentFact.WRAP_UP_FINISHED, AgentFact.WRAP_UP_EXTENDED, AgentFact.LOGGED_OUT),
)
_act = st.tuples(
    st.sampled_from([*map(str, _CALL_FACTS), *map(str, _AGENT_FACTS), "time", "borrow"]),
    st.integers(0, 9),
    st.integers(0, 15),
)
_BEGINNING = [
    *[(str(AgentFact.LOGGED_IN), 0, m) for m in range(3)],
    *[(str(AgentFact.STATUS), 0, m) for m in range(3)],
    *[(str(CallFact.ARRIVED), 0, 1) for _ in range(4)],
]


@settings(max_examples=120, deadline=None)
@given(st.lists(_act, min_size=15, max_size=60))
def test_facts_in_any_order_lose_and_double_nobody(acts: list[tuple[str, int, int]]) -> None:
    world = World()
    for act in [*_BEGINNING, *acts]:
        world.do(*act)
        _check(world)
    _no_offer_twice(world.journal)
    seqs = [(milestone.stream, milestone.id, milestone.seq) for milestone in world.journal]
    assert len(set(seqs)) == len(seqs), "two facts of one number"


_TALK = [
    *[(str(AgentFact.LOGGED_IN), 0, m) for m in range(3)],
    *[(str(AgentFact.STATUS), 0, m) for m in range(3)],
    *[(str(CallFact.ARRIVED), 0, 1) for _ in range(2)],
    (str(CallFact.QUEUED), 0, 0),
    (str(CallFact.ANSWERED), 0, 0),
]
_PARTY_FACTS = (
    *(CallFact.PARTY_ASKED, CallFact.PARTY_JOINED, CallFact.PARTY_JOINED, CallFact.PARTY_FAILED, CallFact.PARTY_LEFT),
    *(CallFact.HANDED_OVER, CallFact.MOVED, CallFact.HELD, CallFact.UNHELD, CallFact.TALK_ENDED, CallFact.QUEUED),
    *(CallFact.ANSWERED, CallFact.ANSWERED),
)
_talk_act = st.tuples(
    st.sampled_from([*map(str, _PARTY_FACTS), *map(str, _PARTY_FACTS), str(AgentFact.STATUS), "time"]),
    st.integers(0, 9),
    st.integers(0, 15),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_talk_act, min_size=10, max_size=50), st.data())
def test_a_talk_that_others_come_to_and_leave_keeps_every_desk_right(
    acts: list[tuple[str, int, int]], data: st.DataObject
) -> None:
    lives = World()
    for act in [*_TALK, *acts]:
        lives.do(*act)
        _check(lives)
    _no_offer_twice(lives.journal)
    # And a daemon that has read the journal, or the part of it that is left, thinks the same
    recovered = lives.after_crash(len(lives.journal))
    assert recovered.board.desks == lives.board.desks
    assert {c: (k.phase, k.agent, k.lead, k.parties, k.unmeasured) for c, k in recovered.board.calls.items()} == {
        c: (k.phase, k.agent, k.lead, k.parties, k.unmeasured) for c, k in lives.board.calls.items()
    }
    broken = lives.after_crash(data.draw(st.integers(0, len(lives.journal))))
    broken.journal += broken.board.tick(broken.now).milestones
    _check(broken)


@settings(max_examples=120, deadline=None)
@given(st.lists(_act, min_size=5, max_size=30), st.lists(_act, min_size=5, max_size=20))
def test_who_recovers_decides_as_who_did_not_die(
    before: list[tuple[str, int, int]], after: list[tuple[str, int, int]]
) -> None:
    # Given a day, and a daemon that dies in it
    lives = World()
    for act in [*_BEGINNING, *before]:
        lives.do(*act)
    recovered = lives.after_crash(len(lives.journal))
    # Then nothing follows from the crash itself
    assert recovered.journal == lives.journal
    assert recovered.board.desks == lives.board.desks
    assert recovered.board.city == lives.board.city
    assert recovered.board.waiting() == lives.board.waiting()
    # And whatever happens from now on has the same consequences, with the same reasons
    for act in after:
        assert recovered.do(*act) == lives.do(*act)
        _check(recovered)


@settings(max_examples=60, deadline=None)
@given(st.lists(_act, min_size=5, max_size=30), st.data())
def test_a_journal_that_breaks_off_anywhere_loses_and_doubles_nobody(
    acts: list[tuple[str, int, int]], data: st.DataObject
) -> None:
    lives = World()
    for act in [*_BEGINNING, *acts]:
        lives.do(*act)
    recovered = lives.after_crash(data.draw(st.integers(0, len(lives.journal))))
    recovered.journal += recovered.board.tick(recovered.now).milestones
    _check(recovered)
    for act in [("time", 4, 0), (str(CallFact.QUEUED), 0, 0)]:
        recovered.do(*act)
        _check(recovered)
    _no_offer_twice(recovered.journal)
