"""Compares our records with the telephones' own account, call by call. Pure.

The two know each other by three marks: the SIP Call-ID of the citizen's call, which our record keeps; our call id,
which every call to an agent carries in X-CTI-Call; and the caller's number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cti.demo.account import Account, AgentLeg, CitizenCall
from cti.demo.plan import Outcome, Plan
from cti.metrics.record import CallRecord

SIDES = {"caller": ("caller",), "system": ("system", "agent"), "refused": ()}
"""How the citizen's telephone saw the end -> the sides our record may name"""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Seconds by which two honest clocks may differ: SIP messages travel, and a loaded machine lags."""

    moment_s: float = 0.5
    """Arrival, waiting"""
    talk_s: float = 0.5
    race_s: float = 0.25
    """A caller who leaves this close to an offer may have left before or after it"""


@dataclass(frozen=True, slots=True)
class Difference:
    sip_call_id: str
    what: str
    sipp: str
    record: str

    def __str__(self) -> str:
        return f"{self.sip_call_id}: {self.what}: telephones say {self.sipp}, record says {self.record}"


def reconcile(
    account: Account,
    plans: Mapping[str, Plan],
    records: Sequence[CallRecord],
    scale: int = 3,
    tolerance: Tolerance | None = None,
    alone: bool = True,
) -> list[Difference]:
    """Every difference; an empty list means that each placed call has one record and both tell the same story.

    `alone`: nobody else used the system, so a record of a call that SIPp did not place is a difference too.
    """
    tolerance = tolerance or Tolerance()
    by_id: dict[str, list[CallRecord]] = {}
    for record in records:
        by_id.setdefault(record.sip_call_id, []).append(record)
    differences: list[Difference] = []
    for call in account.calls.values():
        found = by_id.pop(call.sip_call_id, [])
        if len(found) == 1:
            differences += _compare(account, call, plans.get(call.caller), found[0], scale, tolerance)
        else:
            differences.append(Difference(call.sip_call_id, "records of this call", "1 call", f"{len(found)} records"))
    if alone:
        for sip_call_id, strangers in by_id.items():
            text = f"{len(strangers)} records"
            differences.append(Difference(sip_call_id or "(no Call-ID)", "calls placed", "none", text))
    known = {record.call_id for record in records}
    for leg in account.legs.values():
        if leg.confirmed_at is not None and leg.call not in known:
            differences.append(Difference(leg.leg_id, "talk of", f"{leg.agent} for {leg.call or '?'}", "no such call"))
    return differences


def _compare(
    account: Account, call: CitizenCall, plan: Plan | None, record: CallRecord, scale: int, tolerance: Tolerance
) -> Iterator[Difference]:
    legs = account.legs_of(record.call_id)
    talks = [leg for leg in legs if leg.confirmed_at is not None]

    def differs(what: str, sipp: object, ours: object) -> Difference:
        return Difference(call.sip_call_id, what, str(sipp), str(ours))

    if record.pii_caller != call.caller:
        # Numbers of a demonstration are made up, but this text has the same rules as any other.
        yield differs("caller's number", "one number", "another")
    if any(leg.caller != call.caller for leg in legs):
        yield differs("caller's number shown to the agent", "another", "the caller's")
    if record.dialled != call.dialled:
        yield differs("number dialled", call.dialled, record.dialled)
    if abs(record.arrived_at - call.placed_at) > tolerance.moment_s:
        yield differs("arrived at", f"{call.placed_at:.3f}", f"{record.arrived_at:.3f}")
    if record.ended_at is None:
        yield differs("end", "over", "still going on")
        return
    if call.left_at is not None and abs(record.ended_at - call.left_at) > tolerance.moment_s:
        yield differs("ended at", f"{call.left_at:.3f}", f"{record.ended_at:.3f}")
    if record.ended_side not in SIDES.get(call.left_side or "", ()):
        yield differs("ended by", call.left_side, record.ended_side)
    if record.answered != bool(talks):
        yield differs("answered", bool(talks), record.answered)
    if record.agents != tuple(dict.fromkeys(leg.agent for leg in talks)):
        yield differs("agents who talked", ",".join(leg.agent for leg in talks), ",".join(record.agents))
    talk_s = sum(leg.talk_s or 0.0 for leg in talks)
    if abs(record.talk_s - talk_s) > tolerance.talk_s * max(1, len(talks)):
        yield differs("talk seconds", f"{talk_s:.2f}", f"{record.talk_s:.2f}")
    if talks:
        wait_s = (talks[0].confirmed_at or 0.0) - call.placed_at
        if record.wait_total_s is None or abs(record.wait_total_s - wait_s) > tolerance.moment_s:
            yield differs("seconds from arrival to answer", f"{wait_s:.2f}", record.wait_total_s)
        recorded = bool(record.recordings) and all(recording.complete for recording in record.recordings)
        # What Asterisk's own queue serves while no daemon is there is not recorded: nobody told the caller of it.
        if not recorded and not record.fell_back:
            yield differs("recording", "talk", "no complete recording")
    if record.offers < len(legs) and not record.fell_back:
        yield differs("offers", len(legs), record.offers)
    places = lost_places(call, legs, plan, tolerance)
    if record.lost_at not in places:
        yield differs("lost at", " or ".join(str(place) for place in places), record.lost_at)
    rating = rating_of(call, talks, scale)
    if record.score != rating:
        yield differs("rating", rating, record.score)


def lost_places(
    call: CitizenCall, legs: Sequence[AgentLeg], plan: Plan | None, tolerance: Tolerance
) -> tuple[str | None, ...]:
    """Where this call can have been lost by what the telephones saw; (None,) for an answered one."""
    if any(leg.confirmed_at is not None for leg in legs):
        return (None,)
    if plan is not None and plan.outcome is Outcome.LEAVES_IN_MENU and not legs:
        return ("menu",)
    if call.left_side != "caller":
        # The system sent him away without a talk: out of hours, overflow, nobody there.
        return ("queue", "no_seat", "overflow", "fallback")
    left = call.left_at or 0.0
    ringing = [leg for leg in legs if (leg.over_at or left) >= left - tolerance.race_s]
    if not ringing:
        return ("queue",)
    if any(leg.offered_at > left - tolerance.race_s or (leg.over_at or left) < left for leg in ringing):
        return ("ringing", "queue")
    return ("ringing",)


def rating_of(call: CitizenCall, talks: Sequence[AgentLeg], scale: int) -> int | None:
    """The first key that counts among those pressed after the agent had hung up; None: he gave none."""
    if not talks or talks[-1].over_side != "agent" or talks[-1].over_at is None:
        return None
    pressed = next((key for at, key in call.keys if at > (talks[-1].over_at or 0.0)), None)
    return int(pressed) if pressed is not None and pressed.isdigit() and 1 <= int(pressed) <= scale else None


def offers_of(account: Account) -> dict[str, int]:
    """How often it rang at an agent, by what became of it; no_answer: the caller was still there when it ended."""
    counts = dict.fromkeys(("answered", "no_answer", "caller_left"), 0)
    left = {call.caller: call.left_at for call in account.calls.values()}
    for leg in account.legs.values():
        gone_at, over_at = left.get(leg.caller), leg.over_at or 0.0
        gone = gone_at is not None and gone_at <= over_at + 0.1
        counts["answered" if leg.confirmed_at is not None else "caller_left" if gone else "no_answer"] += 1
    return counts


def reached(account: Account, plans: Mapping[str, Plan], scale: int = 3) -> dict[str, dict[str, int]]:
    """What callers meant their calls to come to, and to how many it came: {outcome: {"planned": n, "reached": m}}."""
    planned: Counter[Outcome] = Counter()
    came: Counter[Outcome] = Counter()
    for call in account.calls.values():
        plan = plans[call.caller]
        planned[plan.outcome] += 1
        came[plan.outcome] += _came_to_it(account, call, plan, scale)
    return {outcome.value: {"planned": planned[outcome], "reached": came[outcome]} for outcome in Outcome}


def _came_to_it(account: Account, call: CitizenCall, plan: Plan, scale: int) -> bool:
    legs = account.legs_for(call.caller)
    talks = [leg for leg in legs if leg.confirmed_at is not None]
    match plan.outcome:
        case Outcome.CHOOSES_AND_RATES | Outcome.MISTYPES_AND_RATES:
            return rating_of(call, talks, scale) is not None
        case Outcome.CHOOSES_NO_RATING | Outcome.SAYS_NOTHING:
            return bool(talks) and rating_of(call, talks, scale) is None
        case Outcome.LEAVES_TALKING:
            return bool(talks) and call.left_side == "caller"
        case Outcome.LEAVES_WAITING | Outcome.LEAVES_IN_MENU:
            return not talks and call.left_side == "caller"
