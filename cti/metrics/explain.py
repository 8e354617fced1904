"""Why a caller waited: the facts, from his own milestones and from what happened at the agents' desks meanwhile.

Pure, and never at a loss: milestones that are missing, late or wrong leave something out of the answer and no more.
`explain_text` says the answer in Chinese and English. No citizen's number is in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from agents.roster import Agent
from cti.calls import EMERGENCY_S, AgentId, CallFact, CallId, Milestone, Need
from cti.metrics.around import Around, Other, Wait, agents_meanwhile, decision_of, others_meanwhile
from cti.metrics.record import CALLBACK, as_one, names
from cti.metrics.stretches import Stretch, number, of_timeline, seconds_doing, text
from queues.decision import Decision
from queues.needs import lacks, rule_of

_MOMENTS = 40
"""An answer has at most so many; the middle of a longer story is left out."""
_ROWS = 5
_MOST_WAITING = 1e6
_AT_ONCE_S = 1.0
"""Who is offered to somebody within this time did not wait for an agent."""
_UNTOLD = frozenset(
    {
        CallFact.ENTERED,
        CallFact.MENU_ENTERED,
        CallFact.HELD,
        CallFact.UNHELD,
        CallFact.SUPERVISED,
        CallFact.SUPERVISION_ENDED,
        CallFact.RECORDED,
        CallFact.RECORDED_LATE,
        CallFact.SURVEY_OFFERED,
        CallFact.RATED,
        CallFact.CHAT,
        CallFact.CARD_PUSHED,
        CallFact.VIDEO_JOINED,
        CallFact.VIDEO_LEFT,
        CallFact.VIDEO_RECORDED,
    }
)
"""Not of a wait."""


@dataclass(frozen=True, slots=True)
class Point:
    """A cause, or (with `at`, UTC seconds) a moment. The facts by `kind` are those that `explain_zh` reads."""

    kind: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    at: float | None = None

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, **({} if self.at is None else {"at": self.at}), **self.facts}


@dataclass(frozen=True, slots=True)
class Why:
    """The answer for one call."""

    call_id: CallId
    direction: str
    dialled: str
    arrived_at: float
    queued_at: float | None
    queue: str | None
    status: str
    """answered, waiting, ringing, live (none of these yet), transferred or self_service; of a lost call where it was
    lost (`CallRecord.lost_at`); of a callback that was not answered its outcome."""
    agent: str | None
    """Who took the call first."""
    wait_s: float | None
    """From queueing to the answer, the end or now."""
    total_s: float
    """From arrival to the same."""
    position: int | None
    """The last place in the queue he is known to have had before that."""
    side: str | None
    """Who ended the call."""
    causes: tuple[Point, ...]
    moments: tuple[Point, ...]

    def as_json(self) -> dict[str, Any]:
        plain = {name: getattr(self, name) for name in self.__slots__ if name not in ("causes", "moments")}
        return {
            **plain,
            "causes": [cause.as_json() for cause in self.causes],
            "moments": [moment.as_json() for moment in self.moments],
        }


def window(timeline: Sequence[Milestone], now: float) -> tuple[float, float] | None:
    """The time of which `Around` is wanted, from queueing to the last answer; None: the call never queued."""
    queued = [m.at for m in timeline if m.kind == CallFact.QUEUED]
    if not queued:
        return None
    over = [s.until for s in of_timeline(_in_order(timeline)) if s.doing in ("waiting", "ringing")]
    until = max((now if at is None else at for at in over), default=now)
    return min(queued), max(until, min(queued)) + 0.001


def explain(milestones: Iterable[Milestone], around: Around, roster: Mapping[AgentId, Agent], now: float) -> Why | None:
    """None without a milestone of a call. `now` counts for a call that goes on (UTC seconds)."""
    timeline = _in_order(milestones)
    if not timeline:
        return None
    call = _Story(timeline, now)
    causes = tuple(_causes(call, around, roster))
    return Why(
        call_id=call.id,
        direction=text(call.arrived, "direction") or "in",
        dialled="" if call.is_callback else text(call.arrived, "dialled"),
        arrived_at=call.arrived_at,
        queued_at=call.queued.at if call.queued else None,
        queue=text(call.queued, "queue") or None,
        status=call.status(),
        agent=text(call.answered, "agent") or None,
        wait_s=call.wait_s(),
        total_s=round(max(0.0, call.until - call.arrived_at), 3),
        position=call.position(),
        side=text(call.ended, "side") or None,
        causes=causes,
        moments=_bounded(_moments(call, around)),
    )


class _Story:
    """The call's milestones by what they are asked for."""

    def __init__(self, timeline: list[Milestone], now: float) -> None:
        self.timeline = timeline
        self.id = CallId(timeline[0].id)
        self.arrived, self.queued = self.first(CallFact.ARRIVED), self.first(CallFact.QUEUED)
        self.answered, self.ended = self.first(CallFact.ANSWERED), self.first(CallFact.ENDED)
        self.arrived_at = (self.arrived or timeline[0]).at
        self.is_callback = text(self.arrived, "direction") == CALLBACK
        self.now = self.ended.at if self.ended else max(now, timeline[-1].at)
        self.stretches = of_timeline(timeline)
        self.until = self.answered.at if self.answered else self._wait_over()
        self.wait = self._wait()

    def first(self, kind: CallFact) -> Milestone | None:
        return next((m for m in self.timeline if m.kind == kind), None)

    def every(self, kind: CallFact) -> list[Milestone]:
        return [m for m in self.timeline if m.kind == kind]

    def before_answer(self) -> list[Stretch]:
        """Of the wait that the caller is asked about: the first one."""
        return [s for s in self.stretches if s.doing in ("waiting", "ringing") and s.since < self.until]

    def _wait_over(self) -> float:
        """Nobody answered: the end of his waiting, which may be before the call's."""
        waits = [s.until for s in self.stretches if s.doing in ("waiting", "ringing", "dialling")]
        return self.now if not waits or waits[-1] is None else waits[-1]

    def taken(self) -> Milestone | None:
        """The offer that was answered first."""
        n = number(self.answered, "n")
        offers = [m for m in self.every(CallFact.OFFERED) if self.answered and m.seq < self.answered.seq]
        return next((m for m in offers if n is not None and number(m, "n") == n), offers[-1] if offers else None)

    def wait_s(self) -> float | None:
        if self.queued is None:
            return None
        measured = number(self.answered, "wait_s")
        return round(max(0.0, self.until - self.queued.at if measured is None else measured), 3)

    def position(self) -> int | None:
        known = [m for m in self.timeline if m.kind in (CallFact.ESTIMATED, CallFact.QUEUED) and m.at <= self.until]
        places = [number(m, "position") or 0.0 for m in known]
        return next((int(place) for place in reversed(places) if 1 <= place < _MOST_WAITING), None)

    def status(self) -> str:
        if self.answered is not None:
            return "answered"
        if self.ended is not None:
            if self.is_callback:
                return text(self.ended, "outcome") or "failed"
            lost_at = text(self.ended, "lost_at")
            return lost_at or ("transferred" if self.first(CallFact.TRANSFERRED) else "self_service")
        doing = self.stretches[-1] if self.stretches else None
        if doing is None or doing.until is not None:
            return "live"
        return "waiting" if doing.doing == "waiting" else "ringing"

    def _wait(self) -> Wait | None:
        if self.queued is None:
            return None
        try:
            need = Need.from_text(text(self.queued, "need"))
        except ValueError:
            return None
        kept_s = number(self.queued, "kept_s") or 0.0
        since = number(self.queued, "since")
        since = self.queued.at - kept_s if since is None else since
        steps_since = number(self.queued, "steps_since")
        return Wait(self.id, need, self.queued.at, since, since if steps_since is None else steps_since, kept_s)


def _causes(call: _Story, around: Around, roster: Mapping[AgentId, Agent]) -> Iterator[Point]:
    """What made him wait, the weightiest kinds first; and what shortened it."""
    if call.queued is None:
        return
    stretches, taken = call.before_answer(), call.taken()
    waiting_s = seconds_doing("waiting", stretches, call.now)
    in_vain = [s for s in stretches if s.outcome]
    rang_s = max(0.0, call.until - taken.at) if taken is not None else 0.0
    in_vain_s = sum(s.seconds(call.now) for s in in_vain)
    last = "called_s" if call.is_callback else "rang_s"
    yield Point("split", {"waiting_s": waiting_s, "in_vain_s": in_vain_s, last: rang_s})
    able = _able(text(call.queued, "able"))
    if "able" in call.queued.data and not able:
        yield Point("nobody")
    elif able and not able.get("idle"):
        yield Point("busy", {"able": able, "agents": sum(able.values())})
    elif waiting_s < _AT_ONCE_S and any(s.doing == "ringing" for s in stretches):
        yield Point("at_once", {"agent": next(s.agent for s in stretches if s.doing == "ringing")})
    if call.wait is not None:
        yield from _by_others(call, call.wait, around, roster)
    if in_vain:
        whom = [{"agent": s.agent, "outcome": s.outcome, "seconds": s.seconds(call.now)} for s in in_vain[:_ROWS]]
        yield Point("in_vain", {"times": len(in_vain), "seconds": in_vain_s, "rows": whom})
    if call.wait is not None:
        yield from _by_need(call, call.wait, stretches, taken, roster)
    if call.wait is not None and call.wait.kept_s > 0:
        yield Point("kept", {"seconds": call.wait.kept_s})
    if call.wait is not None and call.wait.need.priority_s:
        yield _priority(call.wait.need)
    if rungs := names(text(call.queued, "rungs")):
        yield Point("rungs", {"rungs": list(rungs)})
    if lost := [m for m in call.every(CallFact.TALK_ENDED) if text(m, "side") == "agent_lost"]:
        again_s = sum(s.seconds(call.now) for s in call.stretches if s.doing == "waiting" and s.since >= lost[0].at)
        yield Point("agent_lost", {"agent": text(lost[0], "agent"), "times": len(lost), "again_s": again_s})
    resumed = [m for m in call.every(CallFact.RESUMED) if call.queued.at <= m.at <= call.until]
    if resumed:
        yield Point("resumed", {"times": len(resumed)})
    if call.first(CallFact.FELL_BACK):
        yield Point("fell_back")
    if around.cut:
        yield Point("cut")


def _by_others(call: _Story, wait: Wait, around: Around, roster: Mapping[AgentId, Agent]) -> Iterator[Point]:
    others = others_meanwhile(wait, call.before_answer(), around, roster)
    counts = Counter(other.reason for other in others)
    for reason in ("earlier", "kept", "head_start", "ringing", "skills", "unknown"):
        rows = [_row(other) for other in others if other.reason == reason][:_ROWS]
        if rows:
            yield Point(f"others_{reason}", {"calls": counts[reason], "rows": rows})
    moved = agents_meanwhile(wait, call.until, around, roster)
    told = {(s.agent, s.until) for s in call.stretches if s.outcome}  # rang in vain here, which is said elsewhere
    away = [m for m in moved if m.away and (m.agent, m.at) not in told]
    if away:
        rows = [{"at": m.at, "agent": m.agent, "to": m.to, "reason": m.reason} for m in away[:_ROWS]]
        yield Point("away", {"times": len(away), "came": sum(not m.away for m in moved), "rows": rows})


def _row(other: Other) -> dict[str, Any]:
    return {name: value for name, value in asdict(other).items() if name != "reason"}


def _by_need(
    call: _Story, wait: Wait, stretches: list[Stretch], taken: Milestone | None, roster: Mapping[AgentId, Agent]
) -> Iterator[Point]:
    at = wait.steps_since
    for step in wait.need.steps:
        until = call.until if step.expires_s is None else at + step.expires_s
        held = sum(
            max(0.0, min(until, call.now if s.until is None else s.until) - max(at, s.since))
            for s in stretches
            if s.doing == "waiting"
        )
        if step.agents and held >= _AT_ONCE_S:
            yield Point("named", {"agents": list(step.agents), "seconds": held})
        at = until
    decision = decision_of(taken) if taken is not None else None
    if decision is None:
        return
    begun_with, agent = wait.step(wait.queued_at), roster.get(decision.agent_id)
    if decision.step > begun_with and (agent is None or lacks(agent.id, agent.skills, wait.need, begun_with)):
        facts = {"agent": decision.agent_id, "wanted": rule_of(wait.need, begun_with), "rule": decision.rule}
        yield Point("relaxed_to", facts | {"waited_s": decision.waited_s})
    if decision.lent_by:
        yield Point("lent", {"agent": decision.agent_id, "skill": decision.lent_by})


def _moments(call: _Story, around: Around) -> list[Point]:
    found = [point for m in call.timeline if (point := _moment(call, m)) is not None]
    if call.queued is not None:
        rungs = [m for m in around.city if m.kind == "rung" and call.queued.at <= m.at <= call.until]
        found += [Point("rung", {"rung": m.id, "on": bool(m.data.get("on")), "by": text(m, "by")}, m.at) for m in rungs]
        found.sort(key=lambda point: point.at or 0.0)
    return found


def _moment(call: _Story, m: Milestone) -> Point | None:
    if m.kind in _UNTOLD:
        return None
    facts: dict[str, Any] = {k: v for k, v in m.data.items() if not k.startswith("pii_")}
    match m.kind:
        case CallFact.ARRIVED:
            told = ("direction", "task", "of", "attempt") if call.is_callback else ("dialled",)
            facts = {key: text(m, key) for key in told}
        case CallFact.QUEUED:
            facts = _queued(call, m)
        case CallFact.ESTIMATED if not facts.get("spoken_min") and m is not call.first(CallFact.ESTIMATED):
            return None  # reckoned, but he heard nothing
        case CallFact.ESTIMATED:
            facts = {key: number(m, key) for key in ("wait_s", "position", "spoken_min")}
        case CallFact.RELAXED:
            facts = {"step": number(m, "step"), "wants": text(m, "wants"), "able": _able(text(m, "able"))}
        case CallFact.OFFERED:
            decision = decision_of(m)
            facts = {"agent": text(m, "agent"), "n": number(m, "n"), "decision": _decision(decision)}
        case CallFact.OFFER_FAILED | CallFact.ANSWERED:
            rang = next((s for s in call.stretches if s.until == m.at and s.doing in ("ringing", "dialling")), None)
            facts = {
                "agent": text(m, "agent"),
                "outcome": text(m, "outcome"),
                "rang_s": rang.seconds(m.at) if rang else None,
                "callback": call.is_callback,
            }
        case CallFact.TALK_ENDED:
            facts = {"agent": text(m, "agent"), "side": text(m, "side"), "talk_s": number(m, "talk_s")}
        case _ if m.kind in _OF_PARTIES:
            facts = _party(call, m)
        case CallFact.CALLBACK_OFFERED:
            facts = {"wait_s": number(m, "wait_s")}
        case CallFact.SAID:
            facts = {"matter": text(m, "matter"), "urgent": bool(m.data.get("urgent"))}
            facts |= {"cut_off": True} if m.data.get("cut_off") else {}
        case CallFact.MESSAGE_LEFT:
            facts = {"seconds": number(m, "seconds")}
        case CallFact.MOVED:
            facts = {"to": text(m, "to"), "who": text(m, "kind"), "agent": text(m, "agent")}
        case _:
            facts = {key: str(value) for key, value in facts.items() if value is not None}
    return Point(m.kind, facts, m.at)


_OF_PARTIES = (
    CallFact.PARTY_ASKED,
    CallFact.PARTY_JOINED,
    CallFact.PARTY_FAILED,
    CallFact.PARTY_LEFT,
    CallFact.HANDED_OVER,
)


def _party(call: _Story, m: Milestone) -> dict[str, Any]:
    """Who the party is, which only the first milestone of it says, with what this one says."""
    p = number(m, "p")
    asked = next((a for a in call.every(CallFact.PARTY_ASKED) if number(a, "p") == p), None)
    who = {key: text(asked, key) for key in ("kind", "target", "mode")}
    own = {key: text(m, key) for key in ("mode", "outcome", "side", "by") if key in m.data}
    # `kind` is the moment's own.
    return {
        "p": p,
        "who": who["kind"],
        "target": who["target"],
        "mode": who["mode"],
        "talk_s": number(m, "talk_s"),
    } | own


def _queued(call: _Story, m: Milestone) -> dict[str, Any]:
    facts: dict[str, Any] = {"queue": text(m, "queue"), "steps": [], "able": _able(text(m, "able"))}
    facts |= {"kept_s": number(m, "kept_s") or 0.0, "rungs": list(names(text(m, "rungs"))), "priority_s": 0.0}
    try:
        need = Need.from_text(text(m, "need"))
    except ValueError:
        return facts
    facts["steps"] = [{"rule": rule_of(need, n), "for_s": step.expires_s} for n, step in enumerate(need.steps[:_ROWS])]
    return facts | {"priority_s": need.priority_s}


def _priority(need: Need) -> Point:
    if abs(need.priority_s) >= EMERGENCY_S:
        return Point("emergency" if need.priority_s > 0 else "after_all")
    return Point("priority", {"seconds": need.priority_s})


def _decision(decision: Decision | None) -> dict[str, Any] | None:
    if decision is None:
        return None
    return {name: value for name, value in asdict(decision).items() if name not in ("call_id", "agent_id")}


def _able(words: str) -> dict[str, int]:
    """Reads "talking 8, break 1"; what is not of that form is left out."""
    found: dict[str, int] = {}
    for part in words.split(","):
        state, _, count = part.strip().rpartition(" ")
        if state and count.isdecimal():
            found[state] = found.get(state, 0) + int(count[:6])
    return found


def _bounded(moments: list[Point]) -> tuple[Point, ...]:
    if len(moments) <= _MOMENTS:
        return tuple(moments)
    head, tail = moments[: _MOMENTS // 2], moments[-(_MOMENTS // 2 - 1) :]
    return (*head, Point("left_out", {"moments": len(moments) - len(head) - len(tail)}, head[-1].at), *tail)


def _in_order(milestones: Iterable[Milestone]) -> list[Milestone]:
    """The milestones of the first call among them, by number, each once, even if two daemons noted the same."""
    by_seq: dict[int, Milestone] = {}
    of: str | None = None
    for m in milestones:
        if m.stream == "call" and (of is None or m.id == of):
            of = m.id
            by_seq.setdefault(m.seq, m)
    return as_one([by_seq[seq] for seq in sorted(by_seq)])
