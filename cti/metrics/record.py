"""One call as one record, folded from its milestones: what every rate is computed from and an auditor can recompute.

Pure. Missing milestones leave their fields empty; milestones that contradict one another raise `ContradictionError`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from cti.calls import CallFact, CallId, Milestone, Need, Value


class RecordError(Exception):
    """Milestones of which no record can be made."""


class NotOneCallError(RecordError):
    """None at all, or of more than one call, or an agent's."""


class ContradictionError(RecordError):
    """Milestones that no missing line can reconcile. `faults` are short constant phrases without personal data."""

    def __init__(self, call_id: str, faults: Sequence[str]) -> None:
        super().__init__(f"call {call_id}: {'; '.join(faults)}")
        self.call_id, self.faults = call_id, tuple(faults)


@dataclass(frozen=True, slots=True)
class Recording:
    file: str
    bytes: int
    talk_s: float
    complete: bool
    segment: str = ""
    """Whose part of the talk it is (`Segment.name`); "" in records of before segments were noted."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One person's part of the talk, from his answer until he left. Times as of the record."""

    name: str
    """1, 2 … of the agents who were offered the call; p1, p2 … of those who were called to it."""
    kind: str
    """agent, department, expert, interpreter, emergency, outside or supervisor"""
    who: str
    """The agent's id, or the one in the directory; "" of an agent of the fallback queue."""
    mode: str
    """offer, conference, consult, whisper or blind: as it began."""
    begins: float
    ends: float | None
    file: str = ""
    """His recording; "": there is none."""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A call from arrival to end. `…_at`: UTC epoch seconds; None: it did not happen, or its milestone is missing."""

    call_id: CallId
    pii_caller: str
    """As the network gave it, cleaned; "" for a withheld number."""
    dialled: str
    original: str
    """The number dialled first, before a diversion; "" without one."""
    city: str
    mode: str
    statistics: str
    medium: str
    sip_call_id: str
    flow: str
    flow_version: str
    arrived_at: float
    """Of the first milestone there is, when the arrival itself is missing."""
    menu_entered_at: float | None = None
    human_asked_at: float | None = None
    queued_at: float | None = None
    first_offered_at: float | None = None
    answered_at: float | None = None
    """First answer by a person; a transfer later in the call does not count again."""
    ended_at: float | None = None
    ended_side: str | None = None
    """caller, agent, system or interrupted; None: the call has not ended"""
    ended_place: str | None = None
    lost_at: str | None = None
    """menu, queue, ringing, no_seat, overflow, fallback, callback (he chose to be called back), message (he left one);
    None: answered, transferred or self-service"""
    path: tuple[str, ...] = ()
    """Flow nodes in the order they were entered."""
    queue: str | None = None
    """The queue entered first."""
    skill: str | None = None
    """The first skill of that need; None: any agent of the queue."""
    agents: tuple[str, ...] = ()
    """Whose call it was, in order, each once; not who was called to it only, nor an agent of the fallback queue, who is
    not known."""
    offers: int = 0
    wait_queue_s: float | None = None
    """First queueing to answer, or to the end when nobody answered."""
    wait_total_s: float | None = None
    """Arrival to answer (menu included), or to the end when nobody answered."""
    talk_s: float = 0.0
    score: int | None = None
    """Key pressed in the survey, 1 = best."""
    satisfied: bool | None = None
    survey_offered: bool = False
    survey_scale: int | None = None
    recordings: tuple[Recording, ...] = ()
    segments: tuple[Segment, ...] = ()
    """Everybody who talked, in the order of their answers: one contact, however many were in it."""
    moves: int = 0
    """How often he was handed over or sent on to somebody else."""
    transferred_to: str | None = None
    resumed: int = 0
    """How often another daemon took the call over."""
    fell_back: bool = False
    estimated: bool = False
    """A moment was not seen (no daemon was running): end or talk time is when it was found out."""
    missing: int = 0
    """Milestones that the sequence numbers say are missing, without those that a take-over declared as skipped."""
    kept_s: float = 0.0
    """The part of his waiting that a place kept from an earlier call gave him."""
    relaxed: int = 0
    """How many steps of his need had run out when somebody took him, or at the end."""
    estimate_s: float | None = None
    """The first estimate of his wait; None: nothing was reckoned."""
    spoken_min: int | None = None
    """The last minutes he was told; None: he was told nothing."""
    rungs: tuple[str, ...] = ()
    """Rungs of the surge ladder that were on when he was queued."""
    notices: tuple[str, ...] = ()
    """Topic broadcasts he heard, each once."""
    held_s: float = 0.0
    """Seconds of the talk in which he heard music: on hold, or while somebody was consulted."""
    agent_lost: int = 0
    """Talks that ended because the agent's line went dead; he went back to the queue after each."""
    callback_requested: str | None = None
    """The call that keeps the place of a citizen who chose to be called back."""
    message_file: str | None = None
    message_s: float | None = None
    """Seconds of the message he left."""
    direction: str = "in"
    """in, or callback for a call of ours to a citizen: that one counts in no rate of incoming calls. The following are
    of callbacks alone."""
    task: str | None = None
    """The callback task it was made for …"""
    of: str | None = None
    """… the incoming call that the task came from …"""
    attempt: int | None = None
    """… and the how-manieth try it is."""
    confirmed_at: float | None = None
    """When an agent said that he was ready for the citizen."""
    dialled_at: float | None = None
    """When the citizen's telephone began to be called."""
    outcome: str | None = None
    """reached, no_answer, busy, failed, no_agent, refused, withdrawn, closed or owed (a task made by a person)"""

    @property
    def answered(self) -> bool:
        return self.answered_at is not None

    @property
    def incoming(self) -> bool:
        return self.direction != CALLBACK


CALLBACK = "callback"
"""`direction` of a call of ours to a citizen."""


def fold(milestones: Iterable[Milestone]) -> CallRecord:
    """The record of the one call these milestones are of, in any order, duplicates allowed. Raises RecordError."""
    record, faults = fold_with_faults(milestones)
    if faults:
        raise ContradictionError(record.call_id, faults)
    return record


def fold_with_faults(milestones: Iterable[Milestone]) -> tuple[CallRecord, tuple[str, ...]]:
    """As `fold`, but contradictions are told beside the best record that can be had: a call is never without one."""
    by_seq: dict[int, Milestone] = {}
    faults: list[str] = []
    for milestone in milestones:
        known = by_seq.setdefault(milestone.seq, milestone)
        if (known.stream, known.id) != (milestone.stream, milestone.id):
            raise NotOneCallError(f"milestones of {known.id} and of {milestone.id} cannot make one record")
        if known != milestone:
            faults.append(f"two different milestones with number {milestone.seq}")
    if not by_seq:
        raise NotOneCallError("no milestones, no record")
    timeline = [by_seq[seq] for seq in sorted(by_seq)]
    first = timeline[0]
    if any(m.stream != "call" or m.id != first.id for m in timeline):
        raise NotOneCallError(f"milestones of {first.stream} {first.id} and others cannot make one record")
    missing = _missing(timeline)
    timeline = as_one(timeline)
    faults += _order_faults(timeline)
    record = _record(CallId(first.id), timeline, missing)
    if record.answered and record.lost_at is not None:
        faults.append(f"answered and yet lost at {record.lost_at}")
    return record, tuple(faults)


def as_one(timeline: list[Milestone]) -> list[Milestone]:
    """Without what a daemon noted twice because it took over before it had heard of the other's last milestones.

    Its own first one says what it had heard of (`seq_from`). A call whose end it did not know of has ended there.
    """
    takes = [m for m in timeline if m.data.get("seq_from") is not None]
    for take in takes:
        known = _whole(take.data.get("seq_from")) or 0
        unheard = [m for m in timeline if known < m.seq < take.seq]
        if any(m.kind == CallFact.ENDED for m in unheard):
            return [m for m in timeline if m.seq < take.seq or m.kind == CallFact.RECORDED_LATE]
        noted = {_once(m) for m in unheard if m.kind in _ONCE}
        timeline = [m for m in timeline if m.seq < take.seq or _once(m) not in noted]
    return timeline


_ONCE = frozenset({CallFact.ARRIVED, CallFact.TALK_ENDED, CallFact.RECORDED, CallFact.PARTY_LEFT, CallFact.HANDED_OVER})
"""What happens once; all but the first once for each offer or party."""


def _once(m: Milestone) -> tuple[str, Value]:
    return m.kind, m.data.get("segment") or m.data.get("p") or m.data.get("n")


def _order_faults(timeline: list[Milestone]) -> list[str]:
    faults = []
    kinds = [m.kind for m in timeline if m.kind != CallFact.RECORDED_LATE]
    for once in (CallFact.ARRIVED, CallFact.ENDED):
        if kinds.count(once) > 1:
            faults.append(f"{once} {kinds.count(once)} times")
    if CallFact.ARRIVED in kinds[1:]:
        faults.append(f"{kinds[0]} before arrived")
    if CallFact.ENDED in kinds[:-1]:
        faults.append(f"{kinds[-1]} after ended")
    return faults


def _recordings(timeline: list[Milestone]) -> tuple[Recording, ...]:
    """Each as it was noted last."""
    late = {_text(m.data.get("file")): m for m in timeline if m.kind == CallFact.RECORDED_LATE}
    return tuple(_recording(late.get(_text(m.data.get("file")), m)) for m in timeline if m.kind == CallFact.RECORDED)


def _record(call_id: CallId, timeline: list[Milestone], missing: int) -> CallRecord:
    def first(kind: CallFact) -> Milestone | None:
        return next((m for m in timeline if m.kind == kind), None)

    def every(kind: CallFact) -> list[Milestone]:
        return [m for m in timeline if m.kind == kind]

    arrived = first(CallFact.ARRIVED)
    facts = arrived.data if arrived else {}
    arrived_at = (arrived or timeline[0]).at
    queued, answered, ended = first(CallFact.QUEUED), first(CallFact.ANSWERED), first(CallFact.ENDED)
    offers, rated, survey = every(CallFact.OFFERED), every(CallFact.RATED), first(CallFact.SURVEY_OFFERED)
    estimates, message = every(CallFact.ESTIMATED), first(CallFact.MESSAGE_LEFT)
    spoken = [minutes for m in estimates if (minutes := _whole(m.data.get("spoken_min")))]
    talks = every(CallFact.TALK_ENDED)
    transfer = every(CallFact.TRANSFERRED)
    until = answered or ended
    talk_s, talk_estimated = _talk(timeline, ended)
    recordings = _recordings(timeline)
    handed = every(CallFact.HANDED_OVER)
    owners = [m for m in timeline if m.kind in (CallFact.ANSWERED, CallFact.HANDED_OVER) and m.data.get("agent")]
    wait_queue_s = None
    if queued and until:
        wait_queue_s = _seconds(answered.data.get("wait_s") if answered else None, queued.at, until.at)
    return CallRecord(
        call_id=call_id,
        pii_caller=_text(facts.get("pii_caller")),
        dialled=_text(facts.get("dialled")),
        original=_text(facts.get("original")),
        city=_text(facts.get("city")),
        mode=_text(facts.get("mode")),
        statistics=_text(facts.get("statistics")),
        medium=_text(facts.get("medium")),
        sip_call_id=_text(facts.get("sip_call_id")),
        flow=_text(facts.get("flow")),
        flow_version=_text(facts.get("flow_version")),
        arrived_at=arrived_at,
        menu_entered_at=_at(first(CallFact.MENU_ENTERED)),
        human_asked_at=_at(first(CallFact.HUMAN_ASKED)),
        queued_at=_at(queued),
        first_offered_at=_at(offers[0] if offers else None),
        answered_at=_at(answered),
        ended_at=_at(ended),
        ended_side=_maybe(ended, "side"),
        ended_place=_maybe(ended, "place"),
        lost_at=_maybe(ended, "lost_at"),
        path=tuple(_text(m.data.get("node")) for m in every(CallFact.ENTERED)),
        queue=_maybe(queued, "queue"),
        skill=_skill(_maybe(queued, "need")),
        agents=tuple(dict.fromkeys(_text(m.data["agent"]) for m in owners)),
        offers=len(offers),
        wait_queue_s=wait_queue_s,
        wait_total_s=max(0.0, until.at - arrived_at) if until else None,
        talk_s=talk_s,
        score=_whole(rated[-1].data.get("score")) if rated else None,
        satisfied=bool(rated[-1].data.get("satisfied")) if rated else None,
        survey_offered=survey is not None or bool(rated),
        survey_scale=_whole(survey.data.get("scale")) if survey else None,
        recordings=recordings,
        segments=_segments(timeline, ended, recordings),
        moves=len(handed) + _sent_on(timeline),
        transferred_to=_text(transfer[-1].data.get("target")) if transfer else None,
        resumed=len(every(CallFact.RESUMED)),
        fell_back=first(CallFact.FELL_BACK) is not None,
        estimated=talk_estimated or bool(ended and ended.data.get("estimated")),
        missing=missing,
        kept_s=_seconds(queued.data.get("kept_s"), 0.0, 0.0) if queued else 0.0,
        relaxed=_relaxed(timeline),
        estimate_s=_number(estimates[0].data.get("wait_s")) if estimates else None,
        spoken_min=spoken[-1] if spoken else None,
        rungs=names(_maybe(queued, "rungs")),
        notices=tuple(dict.fromkeys(_text(m.data.get("notice")) for m in every(CallFact.NOTICE_HEARD))),
        held_s=_held(timeline),
        agent_lost=sum(m.data.get("side") == "agent_lost" for m in talks),
        callback_requested=_maybe(first(CallFact.CALLBACK_REQUESTED), "callback"),
        message_file=_maybe(message, "file"),
        message_s=_number(message.data.get("seconds")) if message else None,
        direction=_text(facts.get("direction")) or "in",
        task=_maybe(arrived, "task"),
        of=_maybe(arrived, "of"),
        attempt=_whole(facts.get("attempt")),
        confirmed_at=_at(first(CallFact.CONFIRMED)),
        dialled_at=_at(first(CallFact.DIALLED)),
        outcome=_maybe(ended, "outcome"),
    )


def names(text: str | None) -> tuple[str, ...]:
    """The names in a list written as text: "borrow, standby"."""
    return tuple((text or "").replace(",", " ").split())


def _missing(timeline: list[Milestone]) -> int:
    """Numbers without a milestone; those between the last one before a take-over and the take-over were never used."""
    missing = 0
    for before, after in pairwise(timeline):
        declared = after.data.get("seq_from")
        gap = after.seq - before.seq - 1
        skipped = after.seq - int(declared) - 1 if isinstance(declared, int | float) else 0
        missing += gap - min(gap, max(0, skipped))
    return missing


def _relaxed(timeline: list[Milestone]) -> int:
    """The step of his need that counted at the last; the milestones of relaxation and of the offers both know it."""
    steps = [_whole(m.data.get("step")) or 0 for m in timeline if m.kind == CallFact.RELAXED]
    return max(steps, default=0)


def _held(timeline: list[Milestone]) -> float:
    """Seconds in which he heard music: the agent had put him on hold and nobody else was with him, or consulted."""
    held_s, since = 0.0, None
    held, consulting, company = False, False, set[Value]()
    for m in timeline:
        p = m.data.get("p")
        match m.kind:
            case CallFact.HELD | CallFact.UNHELD:
                held = m.kind == CallFact.HELD
            case CallFact.PARTY_ASKED if m.data.get("mode") == "consult":
                consulting = True
            case CallFact.PARTY_JOINED:
                if m.data.get("mode") in ("conference", "blind"):
                    consulting = False
                    company.add(p)
            case CallFact.PARTY_FAILED | CallFact.PARTY_LEFT:
                consulting = False
                company.discard(p)
            case CallFact.HANDED_OVER:
                held = consulting = False
            case CallFact.TALK_ENDED | CallFact.ENDED:
                held, consulting, company = False, False, set()
            case _:
                pass
        music = consulting or (held and not company)
        if music and since is None:
            since = m.at
        elif not music and since is not None:
            held_s, since = held_s + max(0.0, m.at - since), None
    return held_s


def _talk(timeline: list[Milestone], ended: Milestone | None) -> tuple[float, bool]:
    """Seconds in which anybody of ours talked to him, each once, and whether they had to be estimated (the end of the
    last talk was not seen)."""
    spans: list[tuple[float, float]] = []
    open_: dict[str, float] = {}
    measured, several = 0.0, False
    for m in timeline:
        match m.kind:
            case CallFact.ANSWERED:
                open_["agent"] = m.at
            case CallFact.PARTY_JOINED:
                open_.setdefault(f"p{m.data.get('p')}", m.at)
                several = True
            case CallFact.TALK_ENDED | CallFact.HANDED_OVER | CallFact.PARTY_LEFT:
                talk_s = _seconds(m.data.get("talk_s"), m.at, m.at)
                open_.pop(f"p{m.data.get('p')}" if m.kind == CallFact.PARTY_LEFT else "agent", None)
                spans.append((m.at - talk_s, m.at))
                measured += talk_s
            case _:
                pass
    left = [(since, max(since, ended.at)) for since in open_.values()] if ended is not None else []
    if not several:
        return measured + sum(until - since for since, until in left), bool(left)
    covered, reached = 0.0, -math.inf
    for since, until in sorted(spans + left):
        covered += max(0.0, until - max(since, reached))
        reached = max(reached, until)
    return covered, bool(left)


def _segments(
    timeline: list[Milestone], ended: Milestone | None, recordings: tuple[Recording, ...]
) -> tuple[Segment, ...]:
    files = {recording.segment: recording.file for recording in recordings}
    asked = {m.data.get("p"): m for m in timeline if m.kind == CallFact.PARTY_ASKED}
    begun: dict[str, Segment] = {}
    for m in timeline:
        data, of_party = m.data, m.kind in (CallFact.PARTY_JOINED, CallFact.PARTY_LEFT)
        name = f"p{data.get('p')}" if of_party else _text(data.get("n"))
        match m.kind:
            case CallFact.ANSWERED:
                begun[name] = Segment(name, "agent", _text(data.get("agent")), "offer", m.at, None, files.get(name, ""))
            case CallFact.PARTY_JOINED if name not in begun:
                first = asked.get(data.get("p"))
                kind, who = _maybe(first, "kind") or "", _maybe(first, "target") or ""
                mode = _text(data.get("mode"))
                begun[name] = Segment(name, kind, who, mode, m.at, None, files.get(name, ""))
            case CallFact.TALK_ENDED | CallFact.HANDED_OVER | CallFact.PARTY_LEFT if name in begun:
                begun[name] = replace(begun[name], ends=max(m.at, begun[name].begins))
            case _:
                pass
    if ended is not None:
        begun = {n: s if s.ends is not None else replace(s, ends=max(s.begins, ended.at)) for n, s in begun.items()}
    return tuple(begun.values())


def _sent_on(timeline: list[Milestone]) -> int:
    """How often an agent sent him on, without those that were taken back."""
    count = 0
    for m in timeline:
        if m.kind == CallFact.MOVED:
            count += 1 if m.data.get("to") is not None else -1
    return max(0, count)


def _seconds(measured: Value, begin: float, end: float) -> float:
    """A duration as measured by a monotonic clock, else the difference of two times of day, never negative."""
    if isinstance(measured, int | float) and not isinstance(measured, bool) and measured >= 0:
        return float(measured)
    return max(0.0, end - begin)


def _recording(milestone: Milestone) -> Recording:
    data = milestone.data
    return Recording(
        _text(data.get("file")),
        _whole(data.get("bytes")) or 0,
        _seconds(data.get("talk_s"), 0.0, 0.0),
        data.get("complete") is True,
        _text(data.get("segment") or data.get("n")),
    )


def _skill(need: str | None) -> str | None:
    try:
        steps = Need.from_text(need).steps if need else ()
    except ValueError:
        return None
    return next((skill.skill for step in steps for skill in step.all_of), None)


def _at(milestone: Milestone | None) -> float | None:
    return milestone.at if milestone else None


def _maybe(milestone: Milestone | None, key: str) -> str | None:
    value = milestone.data.get(key) if milestone else None
    return None if value is None else str(value)


def _text(value: Value) -> str:
    return "" if value is None else str(value)


def _whole(value: Value) -> int | None:
    return int(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _number(value: Value) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
