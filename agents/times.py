"""What an agent did with his time, folded from milestones by the very rules that his live state follows from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from agents.facts import folded
from agents.roster import Agent
from agents.status import Desk, State, Status
from cti.calls import AgentFact, AgentId, CallFact, CallId, Milestone

HALF_HOUR_S = 1800.0


@dataclass(frozen=True, slots=True)
class Interval:
    """UTC seconds. `reason`: of a break, or why nothing was offered to one who was ready (phone_away …)."""

    state: State
    reason: str
    begins: float
    ends: float

    @property
    def seconds(self) -> float:
        return self.ends - self.begins


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of a period. `not_ready` by reason: of a break, meeting or training, or what was held back."""

    logged_in: float = 0.0
    idle: float = 0.0
    offered: float = 0.0
    talking: float = 0.0
    held: float = 0.0
    wrap_up: float = 0.0
    not_answering: float = 0.0
    not_ready: Mapping[str, float] = field(default_factory=dict)

    @property
    def occupancy(self) -> float | None:
        """(talk + hold + wrap-up) / (that + idle), 0 to 1; None without either."""
        busy = self.talking + self.held + self.wrap_up
        return busy / (busy + self.idle) if busy + self.idle else None


def intervals(agent_id: AgentId, milestones: Iterable[Milestone], since: float, until: float) -> list[Interval]:
    """What he was from `since` to `until`, without a gap, neighbours different.

    `milestones`: his own, and those of calls that name him; older ones than `since` say what he was then. Who has none
    is offline.
    """
    return followed(Desk(Agent(agent_id, agent_id, {})), milestones, since, until)[0]


def followed(desk: Desk, milestones: Iterable[Milestone], since: float, until: float) -> tuple[list[Interval], Desk]:
    """As `intervals`, of the agent whose desk was so at `since`; and his desk as it is at `until`."""
    found: list[Interval] = []
    at = since
    own = (m for m in milestones if desk.agent.id in agents_named(m))
    for milestone in sorted(own, key=_order):
        if milestone.at >= until:
            break
        if milestone.at > at:
            _append(found, _spans(desk, at, milestone.at))
            at = milestone.at
        desk = _after(desk, milestone)
    _append(found, _spans(desk, at, until))
    return found, desk


def agents_named(m: Milestone) -> tuple[AgentId, ...]:
    """Whose time this milestone is about."""
    if m.stream == "agent":
        return (AgentId(m.id),)
    named = (m.data.get("agent"), m.data.get("by") if m.kind == CallFact.HANDED_OVER else None)
    return tuple(AgentId(str(name)) for name in named if name)


def clipped(found: Sequence[Interval], since: float, until: float) -> list[Interval]:
    """The parts of these intervals that lie in this time."""
    parts = (Interval(i.state, i.reason, max(i.begins, since), min(i.ends, until)) for i in found)
    return [part for part in parts if part.seconds > 0]


def totals(found: Iterable[Interval]) -> Times:
    sums = dict.fromkeys(State, 0.0)
    not_ready: dict[str, float] = {}
    for one in found:
        sums[one.state] += one.seconds
        if one.state is State.NOT_READY:
            not_ready[one.reason] = not_ready.get(one.reason, 0.0) + one.seconds
    return Times(
        logged_in=sum(sums.values()) - sums[State.OFFLINE],
        idle=sums[State.IDLE],
        offered=sums[State.OFFERED],
        talking=sums[State.TALKING],
        held=sums[State.HELD],
        wrap_up=sums[State.WRAP_UP],
        not_answering=sums[State.NOT_ANSWERING],
        not_ready=not_ready,
    )


def half_hours(found: Sequence[Interval], since: float, until: float) -> list[tuple[float, Times]]:
    """Times by half hour of the clock: its beginning (UTC seconds) and what lies in it."""
    begins, rows = math.floor(since / HALF_HOUR_S) * HALF_HOUR_S, []
    while begins < until:
        rows.append((begins, totals(clipped(found, max(since, begins), min(until, begins + HALF_HOUR_S)))))
        begins += HALF_HOUR_S
    return rows


def adherence(found: Sequence[Interval], duties: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """(seconds that he was to work, of those the ones in which he was logged in and not on a break).

    The schedule plans no breaks, so none is planned; meetings and trainings are work, and an absent telephone is no
    absence. `duties`: begin and end of each, UTC seconds.
    """
    planned = kept = 0.0
    for begins, ends in duties:
        planned += ends - begins
        times = totals(clipped(found, begins, ends))
        breaks = (s for reason, s in times.not_ready.items() if reason.startswith(f"{Status.BREAK}:"))
        kept += times.logged_in - sum(breaks)
    return planned, kept


_FREES = (
    CallFact.TALK_ENDED,
    CallFact.OFFER_FAILED,
    CallFact.PARTY_FAILED,
    CallFact.PARTY_LEFT,
    CallFact.HANDED_OVER,
)
_RANK = dict.fromkeys(_FREES, 0) | {
    CallFact.OFFERED: 2,
    CallFact.PARTY_ASKED: 2,
    CallFact.ANSWERED: 3,
    CallFact.PARTY_JOINED: 3,
}


def _order(milestone: Milestone) -> tuple[float, int, int]:
    """At one instant: what frees a desk, then what its agent says, then what occupies it."""
    rank = 1 if milestone.stream == "agent" else _RANK.get(CallFact(milestone.kind), 4)
    return milestone.at, rank, milestone.seq


def _after(desk: Desk, m: Milestone) -> Desk:
    if m.stream == "agent":
        return (
            Desk(desk.agent)
            if m.kind in (AgentFact.ADDED, AgentFact.REMOVED)
            else folded(desk, AgentFact(m.kind), m.data, m.at)
        )
    call_id = CallId(m.id)
    match m.kind:
        case CallFact.OFFERED | CallFact.PARTY_ASKED:
            return desk.offer(call_id, m.at)
        case CallFact.PARTY_JOINED if desk.call_id == call_id and desk.talking:
            return desk  # from a consult to the citizen
        case CallFact.ANSWERED | CallFact.PARTY_JOINED:
            return desk.offer(call_id, m.at).answered(m.at)
        case CallFact.HANDED_OVER if desk.call_id == call_id and m.data.get("by") == desk.agent.id:
            return desk.call_over(m.at)
        case CallFact.PARTY_FAILED | CallFact.PARTY_LEFT if desk.call_id == call_id:
            return desk.call_over(m.at)
        case CallFact.HELD | CallFact.UNHELD if desk.call_id == call_id:
            return desk.hold(m.kind == CallFact.HELD, m.at)
        case CallFact.OFFER_FAILED | CallFact.TALK_ENDED if desk.call_id == call_id:
            return desk.call_over(m.at)
        case _:
            return desk


def _spans(desk: Desk, begins: float, ends: float) -> Iterator[Interval]:
    """The states of a desk to which nothing happens but time."""
    while begins < ends:
        change = desk.next_change_at(begins)
        until = ends if change is None else min(change, ends)
        yield Interval(desk.state(begins), _reason(desk, begins), begins, until)
        begins = until


def _reason(desk: Desk, at: float) -> str:
    if desk.state(at) is not State.NOT_READY:
        return ""
    if desk.status is Status.BREAK:
        return f"{desk.status}:{desk.reason}"
    return str(desk.status if desk.status is not Status.READY else min(desk.causes(at), default=""))


def _append(found: list[Interval], more: Iterable[Interval]) -> None:
    for one in more:
        last = found[-1] if found else None
        if last is not None and (last.state, last.reason, last.ends) == (one.state, one.reason, one.begins):
            found[-1] = Interval(one.state, one.reason, last.begins, one.ends)
        else:
            found.append(one)
