"""The live truth of one city: calls, agents and the queue between them. Pure: `apply(…, now) -> Effects`, no I/O.

Every change is a milestone, and one fold (`_fold`) makes the state from milestones: live, and again after a crash from
the journal. Nothing else writes the state, so a recovered switchboard cannot differ from the one that died.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from agents import facts as desk_facts
from agents.roster import Agent, agent_from, agent_to
from agents.status import Desk, DeskRules, Status
from cti.calls import AgentFact, AgentId, CallFact, CallId, CityFact, Milestone, Need, Value
from cti.dispatch import Dispatch
from cti.live_call import CALL_OVER, Call, Party
from queues.needs import Overflow, Waiting, rule_of

_READOPTION_S = 3.0
"""After a restart callers come back from the dialplan within this time; nobody overtakes one who has not yet."""


@dataclass(frozen=True, slots=True)
class Effects:
    """What follows from a change."""

    milestones: tuple[Milestone, ...] = ()
    """For the journal, in this order."""
    wakes: tuple[CallId, ...] = ()
    """Waiting calls that have an offer now."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A topic broadcast that is up."""

    name: str
    prompt: str
    queues: tuple[str, ...]
    """Whose callers hear it; none: all."""
    until: float


class UnknownCall(KeyError):
    """No such live call."""


@dataclass
class Switchboard:
    """Calls, desks and queue of one city. `wrap_up_s` is the default after-call work.

    `may_decide` says whether this process is the one that decides for the city: asked before each round of offers.
    """

    wrap_up_s: float
    rules: DeskRules = field(default_factory=DeskRules)
    overflow: tuple[Overflow, ...] = ()
    may_decide: Callable[[], bool] = lambda: True
    calls: dict[CallId, Call] = field(default_factory=dict)
    desks: dict[AgentId, Desk] = field(default_factory=dict)
    city: dict[tuple[CityFact, str], Milestone] = field(default_factory=dict)
    """The newest of each rung, each notice and each alert."""
    _seq: dict[str, int] = field(default_factory=dict)
    """The last number of each agent and each fact of the city."""
    _first_seq: int = 0
    _readopt_until: float = 0.0
    """0: nobody is waited for."""
    _ordered: set[AgentId] = field(default_factory=set)
    """Agents for whom a supervisor's order may be due some time."""
    _dispatch: Dispatch = field(init=False)

    def __post_init__(self) -> None:
        self._dispatch = Dispatch(self.calls, self.desks, self.overflow)

    # Changes

    def apply(
        self,
        kind: CallFact,
        call_id: CallId,
        now: float,
        data: Mapping[str, Value] | None = None,
        at: float | None = None,
    ) -> Effects:
        """One fact about a call becomes a milestone, and everything that follows from it. One that comes twice or late
        changes nothing.

        `at` is when it happened if that is not now. UnknownCall if the call is not live and has not just arrived.
        """
        data, made = data or {}, list[Milestone]()
        call = self._live(call_id) if kind is not CallFact.ARRIVED else self.calls.get(call_id)
        if call is not None and not (call.is_news(kind, data) and self._desk_allows(call, kind, data)):
            return self._routed(made, now)
        talker = self._at_desk(call) if call is not None else None
        if kind is CallFact.QUEUED:
            data = {**data, "able": self._able_for(call_id, data, now), "rungs": " ".join(self.rungs())}
        elif kind is CallFact.PARTY_JOINED and call is not None and (party := call.party(data.get("p"))) is not None:
            data = {**data, "agent": party.agent}
        elif kind is CallFact.LEFT_QUEUE and call is not None and call.phase == "ringing":
            # He went away in the very moment in which an agent was found for him.
            failed: dict[str, Value] = {"agent": call.agent, "n": call.offers, "outcome": "caller_left"}
            made.append(self._call_milestone(CallFact.OFFER_FAILED, call_id, now, failed))
        elif call is not None:
            for gone, of_him in _left_over(call, kind, data, now if at is None else at):
                made += self._party_gone(gone, call, of_him, now, at)
        if call is not None and kind in (CallFact.PARTY_FAILED, CallFact.PARTY_LEFT):
            return self._routed(made + self._party_gone(kind, call, data, now, at), now)
        made.append(self._call_milestone(kind, call_id, now if at is None else at, data))
        if kind is CallFact.OFFER_FAILED and talker is not None:
            if (outcome := str(data["outcome"])) not in CALL_OVER | {"interrupted"}:
                made += self._not_answering(talker, outcome, now)
        elif kind in (CallFact.TALK_ENDED, CallFact.HANDED_OVER) and talker is not None:
            made += self._talk_over(talker, call_id, str(data.get("side")), now, now if at is None else at)
        elif kind is CallFact.ENDED:
            del self.calls[call_id]
        return self._routed(made, now)

    def apply_agent(
        self, kind: AgentFact, agent_id: AgentId, now: float, data: Mapping[str, Value] | None = None
    ) -> Effects:
        """One fact about an agent; what is known already changes nothing. KeyError for an unknown agent, StatusRefused
        if the rules forbid it now, ValueError for a status that there is not."""
        data = data or {}
        if kind is AgentFact.ADDED:
            return self._routed([self._agent_milestone(kind, agent_id, now, data)], now)
        return self._routed(self._noted(agent_id, desk_facts.accepted(self.desks[agent_id], kind, data, now), now), now)

    def apply_city(self, kind: CityFact, name: str, now: float, data: Mapping[str, Value]) -> Effects:
        """One fact about the city as a whole: a rung of the surge ladder, a topic broadcast, an alert."""
        milestone = Milestone("city", name, self._next_seq(f"{kind} {name}", now), now, kind, dict(data))
        self._fold(milestone)
        return self._routed([milestone], now)

    def tick(self, now: float) -> Effects:
        """Time has passed (see `next_tick_at`): wrap-ups that ended and needs that relaxed may allow new offers."""
        return self._routed([], now)

    def next_tick_at(self, now: float) -> float | None:
        """When `tick` is due next; None: not before something else happens."""
        times = [] if (at := self._dispatch.next_at(now)) is None else [at]
        if self._readopt_until > now:
            times.append(self._readopt_until)
        times += [today.until for i in self._ordered if (d := self.desks.get(i)) and (today := d.today)]
        return min(times, default=None)

    # The roster

    def set_roster(self, roster: Mapping[AgentId, Agent]) -> tuple[list[Agent], list[AgentId]]:
        """Takes over the roster file; temporary agents stay. Returns (new or changed, gone).

        An agent who is gone from the file but has a call keeps his desk until the file is read again after it.
        """
        changed = [a for i, a in roster.items() if i not in self.desks or self.desks[i].of_roster != a]
        for agent in changed:
            old = self.desks.get(agent.id)
            self.desks[agent.id] = Desk(agent) if old is None else old.in_roster_as(agent)
            self._dispatch.look_at_desk(agent.id)
        gone = [i for i, d in self.desks.items() if i not in roster and not d.agent.temporary and d.call_id is None]
        for agent_id in gone:
            del self.desks[agent_id]
            self._dispatch.look_at_desk(agent_id)
        return changed, gone

    def take_overflow(self, rules: tuple[Overflow, ...]) -> None:
        self.overflow = rules
        self._dispatch.take_overflow(rules)

    # Recovery

    def recover(self, milestones: Iterable[Milestone], now: float, first_seq: int = 0) -> None:
        """Rebuilds the state from the journal after a restart. No call is held until it comes back.

        `first_seq`: numbers of these calls go on from there, because another daemon may have used some of those before.
        """
        for milestone in milestones:
            self._fold(milestone)
        for call_id in [i for i, call in self.calls.items() if call.phase == "ended"]:
            del self.calls[call_id]
        for agent_id, desk in self.desks.items():
            if desk.call_id is not None and desk.call_id not in self.calls:
                self.desks[agent_id] = desk.call_over(now)
        self._first_seq = first_seq
        for call in self.calls.values():
            if call.seq < first_seq - 1:
                call.seq_from, call.seq = call.seq, first_seq - 1
        self._readopt_until = now + _READOPTION_S
        self._dispatch.wait_for_lost(True)
        for agent_id in self.desks:
            self._dispatch.look_at_desk(agent_id)

    def attach(self, call_id: CallId, holder: object, now: float) -> Effects:
        """The session `holder` has it from now on."""
        call = self._live(call_id)
        call.holder = holder
        self._dispatch.look_at_call(call)
        return self._routed([], now)

    def detach(self, call_id: CallId, holder: object) -> None:
        """The session `holder` is gone, though nobody said that the caller hung up.

        Nothing happens if another session has the call by now: it can come back before the old one is seen to be gone.
        """
        call = self.calls.get(call_id)
        if call is not None and call.holder is holder:
            call.holder = None
            self._dispatch.look_at_call(call)

    # Reading

    def waiting(self) -> list[Waiting]:
        """Who waits, first the one who is next."""
        return self._dispatch.waiting()

    def position(self, call_id: CallId) -> int:
        """Place in its queue from 1; KeyError if it does not wait."""
        return self._dispatch.position(call_id)

    def rungs(self) -> list[str]:
        """The rungs of the surge ladder that are on, in no particular order."""
        return [name for (kind, name), fact in self.city.items() if kind is CityFact.RUNG and fact.data.get("on")]

    def notices(self, now: float) -> list[Notice]:
        """The topic broadcasts that are up, by name."""
        rows = ((name, fact.data) for (kind, name), fact in sorted(self.city.items()) if kind is CityFact.NOTICE)
        return [
            Notice(name, str(data["prompt"]), tuple(str(data["queues"]).split()), float(data["until"] or 0))
            for name, data in rows
            if data["on"] and float(data["until"] or 0) > now
        ]

    def flow_mode(self, number: str, now: float) -> Milestone | None:
        """To which mode a supervisor has switched this number; None: to none."""
        fact = self.city.get((CityFact.FLOW_MODE, number))
        if fact is None or not fact.data["mode"]:
            return None
        until = fact.data.get("until")
        return fact if until is None or float(until) > now else None

    def offer_of(self, call_id: CallId) -> AgentId | None:
        """The agent this call is offered to and should ring now."""
        call = self.calls.get(call_id)
        return call.agent if call is not None and call.phase == "ringing" else None

    def logged_in(self) -> list[Desk]:
        return [desk for desk in self.desks.values() if desk.status is not Status.OFFLINE]

    # Inside

    def _live(self, call_id: CallId) -> Call:
        try:
            return self.calls[call_id]
        except KeyError:
            raise UnknownCall(call_id) from None

    def _at_desk(self, call: Call) -> AgentId | None:
        """Whose desk it occupies. After a crash its agent may have been given another call before it came back."""
        desk = self.desks.get(call.agent) if call.agent is not None else None
        return call.agent if desk is not None and desk.call_id == call.id else None

    def _desk_allows(self, call: Call, kind: CallFact, data: Mapping[str, Value]) -> bool:
        """An agent can be called to a talk unless he is in a call."""
        if kind is not CallFact.PARTY_ASKED or data.get("agent") is None:
            return True
        desk = self.desks.get(AgentId(str(data["agent"])))
        return desk is not None and desk.call_id is None

    def _party_gone(
        self, kind: CallFact, call: Call, data: Mapping[str, Value], now: float, at: float | None
    ) -> list[Milestone]:
        """He did not come, or has left; for an agent of ours it is as with an offer."""
        party = call.party(data.get("p"))
        name = party.agent if party is not None else None
        his = name is not None and (desk := self.desks.get(name)) is not None and desk.call_id == call.id
        made = [self._call_milestone(kind, call.id, now if at is None else at, {**data, "agent": name})]
        if name is not None and his:
            if kind is CallFact.PARTY_LEFT:
                made += self._talk_over(name, call.id, str(data.get("side")), now, now if at is None else at)
            elif (outcome := str(data.get("outcome"))) in ("no_answer", "rejected", "unreachable"):
                made += self._not_answering(name, outcome, now)
        return made

    def _able_for(self, call_id: CallId, queued: Mapping[str, Value], now: float) -> str:
        since = float(queued.get("since") or now)
        steps_since = float(queued.get("steps_since") or since)
        return self._dispatch.able(Waiting(call_id, Need.from_text(str(queued["need"])), since, steps_since), now)

    def _call_milestone(self, kind: CallFact, call_id: CallId, at: float, data: Mapping[str, Value]) -> Milestone:
        if kind is CallFact.ARRIVED:
            seq = 1
            if self._first_seq and data.get("again"):
                seq, data = self._first_seq, {**data, "seq_from": 0}
        else:
            call = self._live(call_id)
            seq = call.seq + 1
            if call.seq_from is not None:
                data, call.seq_from = {**data, "seq_from": call.seq_from}, None
        milestone = Milestone("call", call_id, seq, at, kind, dict(data))
        self._fold(milestone)
        return milestone

    def _agent_milestone(self, kind: AgentFact, agent_id: AgentId, at: float, data: Mapping[str, Value]) -> Milestone:
        milestone = Milestone("agent", agent_id, self._next_seq(agent_id, at), at, kind, dict(data))
        self._fold(milestone)
        return milestone

    def _next_seq(self, of: str, at: float) -> int:
        """The history of an agent or of the city has no end: its numbers come from the clock, and so go on after old
        journal files are gone."""
        return max(self._seq.get(of, 0) + 1, int(at * 1_000_000))

    def _noted(self, agent_id: AgentId, facts: desk_facts.Facts, at: float) -> list[Milestone]:
        return [self._agent_milestone(kind, agent_id, at, data) for kind, data in facts]

    def _not_answering(self, agent_id: AgentId, outcome: str, now: float) -> list[Milestone]:
        if (desk := self.desks.get(agent_id)) is None:
            return []
        return self._noted(agent_id, desk_facts.offer_failed(desk, outcome, now, self.rules), now)

    def _talk_over(self, agent_id: AgentId, call_id: CallId, side: str, now: float, at: float) -> list[Milestone]:
        """Of a talk that ended at `at`: after-call work, or his line is lost."""
        desk = self.desks.get(agent_id)
        if desk is None:
            return []
        if side == "agent_lost":
            return self._not_answering(agent_id, side, now)
        policy = self.rules.wrap_up_of(desk.agent, self.wrap_up_s)
        return self._noted(agent_id, desk_facts.talk_over(desk, call_id, side, at, policy), at)

    def _routed(self, made: list[Milestone], now: float) -> Effects:
        """Offers whatever can be offered after a change, and collects the consequences."""
        wakes: list[CallId] = []
        if self.may_decide():
            if 0 < self._readopt_until <= now:
                # Who has not come back by now holds nobody up any longer; his place is kept all the same.
                self._readopt_until = 0.0
                self._dispatch.wait_for_lost(False)
            for agent_id in sorted(self._ordered):
                if (desk := self.desks.get(agent_id)) is not None:
                    made += self._noted(agent_id, desk_facts.due(desk, now), now)
            for call, step in self._dispatch.relaxed(now):
                wants = rule_of(call.waiting().need, step)
                data: dict[str, Value] = {
                    "step": step,
                    "wants": wants,
                    "able": self._dispatch.able(call.waiting(), now),
                }
                made.append(self._call_milestone(CallFact.RELAXED, call.id, now, data))
            for decision in self._dispatch.decide(now):
                call = self.calls[decision.call_id]
                data = {"agent": decision.agent_id, "n": call.offers + 1, "why": decision.to_text()}
                made.append(self._call_milestone(CallFact.OFFERED, call.id, now, data))
                wakes.append(call.id)
        return Effects(tuple(made), tuple(wakes))

    def _fold(self, milestone: Milestone) -> None:
        """The one place where state changes. Tolerant of repeats, so that a journal may be read from any older line."""
        if milestone.stream == "agent":
            self._fold_agent(milestone)
            return
        if milestone.stream == "city":
            self._fold_city(milestone)
            return
        call_id = CallId(milestone.id)
        if milestone.kind == CallFact.ARRIVED:
            self.calls.setdefault(call_id, Call(call_id, milestone.at, milestone.data, seq=milestone.seq))
            return
        call = self.calls.get(call_id)
        if call is None or milestone.seq <= call.seq:
            return
        call.seq = milestone.seq
        self._fold_call(call, milestone)

    def _fold_call(self, call: Call, milestone: Milestone) -> None:
        at, agent = milestone.at, self._at_desk(call)
        before = {party.agent: party for party in call.parties if party.agent is not None}
        match milestone.kind:
            case CallFact.OFFERED:
                call.agent = AgentId(str(milestone.data["agent"]))
                self._change_desk(call.agent, lambda desk: desk.offer(call.id, at) if desk.call_id is None else desk)
            case CallFact.ANSWERED if agent is not None:
                self._change_desk(agent, lambda desk: desk.answered(at))
            case CallFact.HELD | CallFact.UNHELD if call.phase == "talk":
                held = AgentId(str(milestone.data.get("agent") or agent))
                self._change_desk(
                    held,
                    lambda desk: desk.hold(milestone.kind == CallFact.HELD, at) if desk.call_id == call.id else desk,
                )
            case (
                CallFact.OFFER_FAILED | CallFact.TALK_ENDED | CallFact.HANDED_OVER | CallFact.FELL_BACK | CallFact.ENDED
            ):
                self._free_desk(call, at)
            case _:
                pass
        was_led_by = call.lead
        call.fold(milestone)
        if call.lead or was_led_by:
            leader = call.party(call.lead)
            call.agent = None if leader is None else leader.agent
        self._seat_parties(call, before, at)
        self._dispatch.look_at_call(call)
        if call.phase == "queue" and milestone.kind in (CallFact.QUEUED, CallFact.OFFER_FAILED):
            self._dispatch.note_steps(call)

    def _fold_city(self, milestone: Milestone) -> None:
        kind = CityFact(milestone.kind)
        of = f"{kind} {milestone.id}"
        if milestone.seq > self._seq.get(of, 0):
            self._seq[of] = milestone.seq
            self.city[kind, milestone.id] = milestone
            if (kind, milestone.id) == (CityFact.RUNG, "borrow"):
                self._dispatch.borrow(bool(milestone.data.get("on")))

    def _fold_agent(self, milestone: Milestone) -> None:
        agent_id, data, at = AgentId(milestone.id), milestone.data, milestone.at
        if milestone.seq <= self._seq.get(agent_id, 0):
            return  # a copy at the head of a newer journal file
        self._seq[agent_id] = milestone.seq
        self._dispatch.look_at_desk(agent_id)
        kind = AgentFact(milestone.kind)
        if kind is AgentFact.ADDED:
            self.desks[agent_id] = Desk(agent_from(agent_id, json.loads(str(data["definition"]))))
        elif kind is AgentFact.REMOVED:
            self.desks.pop(agent_id, None)
        else:
            self._change_desk(agent_id, lambda desk: desk_facts.folded(desk, kind, data, at))

    def _change_desk(self, agent_id: AgentId, change: Callable[[Desk], Desk]) -> None:
        if (desk := self.desks.get(agent_id)) is not None:
            self.desks[agent_id] = after = change(desk)
            if after.today is not None or after.is_to_leave:
                self._ordered.add(agent_id)
            else:
                self._ordered.discard(agent_id)
            self._dispatch.look_at_desk(agent_id)

    def _seat_parties(self, call: Call, before: Mapping[AgentId, Party], at: float) -> None:
        """Desks of the agents who were called to the talk: occupied while they ring or are there."""
        after = {party.agent: party for party in call.parties if party.agent is not None}
        for agent_id in before.keys() - after.keys():
            self._change_desk(agent_id, lambda desk: desk.call_over(at) if desk.call_id == call.id else desk)
        for agent_id, party in after.items():
            if agent_id not in before:
                self._change_desk(agent_id, lambda desk: desk.offer(call.id, at) if desk.call_id is None else desk)
            elif before[agent_id].state == "ringing" != party.state:
                self._change_desk(agent_id, lambda desk: desk.answered(at) if desk.call_id == call.id else desk)

    def _free_desk(self, call: Call, at: float) -> None:
        if (agent := self._at_desk(call)) is not None:
            self._change_desk(agent, lambda desk: desk.call_over(at))
        call.agent = None


def _left_over(
    call: Call, kind: CallFact, data: Mapping[str, Value], at: float
) -> list[tuple[CallFact, dict[str, Value]]]:
    """Of the others of a talk that ends with this fact: what is noted of each before."""
    last = kind in (CallFact.TALK_ENDED, CallFact.FELL_BACK, CallFact.ENDED)
    if kind in (CallFact.PARTY_FAILED, CallFact.PARTY_LEFT):
        last = data.get("p") == call.lead and call.heir() is None
    if not last:
        return []
    side = str(data.get("side"))
    side = side if side in ("caller", "interrupted") else "agent"
    others = [party for party in call.parties if party.p != data.get("p")]
    found: list[tuple[CallFact, dict[str, Value]]] = []
    for party in sorted(others, key=lambda party: party.p == call.lead):
        if party.answered_at is None:
            outcome = {"caller": "caller_left", "interrupted": "interrupted"}.get(side, "withdrawn")
            found.append((CallFact.PARTY_FAILED, {"p": party.p, "outcome": outcome}))
        else:
            talk_s = round(max(0.0, at - party.answered_at), 3)
            found.append((CallFact.PARTY_LEFT, {"p": party.p, "side": side, "talk_s": talk_s}))
    return found


def definition(agent: Agent) -> str:
    """Text of an agent for the `added` milestone."""
    return json.dumps(agent_to(agent), ensure_ascii=False, separators=(",", ":"))
