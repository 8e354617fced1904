"""The offer of a call to an agent: ringing, talking, and what became of it; and whoever a citizen is sent on to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cti.asterisk import names
from cti.calls import AgentId, CallFact, Value
from cti.contact import Contact

if TYPE_CHECKING:
    from cti.journey import Line

_OUTCOMES = {"NOANSWER": "no_answer", "BUSY": "rejected", "CANCEL": "caller_left", "": "interrupted"}
"""DIALSTATUS of a Dial() that nobody answered -> outcome of the offer; everything else: unreachable."""


Outcome = Literal["talked", "moved", "agent_lost", "failed", "not_reached"]
"""talked: they talked and the last one on our side has hung up; moved: the agent has sent the citizen on; agent_lost:
his line went dead in the talk and the citizen is still there; failed: he did not answer; not_reached: nor did a number
the citizen was sent on to. After the last three the citizen keeps his place."""

_IN_VAIN = {"no_answer", "rejected"}


@dataclass(frozen=True, slots=True)
class Forward:
    """A number that is in the list of those who may be called. `shown`: the number it sees; "": the citizen's own."""

    dial: str
    shown: str
    ring_s: float


async def offer(line: Line, contact: Contact, agent: AgentId, timeout_s: float) -> Outcome:
    """Rings the agent, to the end of the talk.

    The dialplan records from the answer on, on the agent's channel: the recording needs no step of ours, and goes on
    if we die. Raises CallerHungUp when the caller leaves, ringing or talking; `Contact.close` completes the record.
    """
    leg: names.LegKind = "reattach" if contact.call.reattach == agent else "offer"
    headers = f"{names.AGENT_HEADERS}^s^1({contact.call_id}^{leg})"
    answered = f"{names.AGENT_ANSWERED}^{contact.segment()}"
    options = f"gm({names.MUSIC_CLASS})b({headers})U({answered})"
    assert contact.exchange.board.may_decide()  # of a pair, who may not has ended here
    await line.exec("Dial", f"PJSIP/{agent}", f"{timeout_s:g}", options)
    ended_at = contact.exchange.wall()
    if contact.call.phase in _TALKED:
        return await _end_talk(line, contact, ended_at)
    return await finish(line, contact, await line.get_variable(names.DIAL_STATUS) or "", ended_at)


async def finish(line: Line, contact: Contact, status: str, ended_at: float) -> Outcome:
    """The Dial() is over with `status` since `ended_at`, in this session or, after a crash of the daemon, before it.

    As `offer`.
    """
    call = contact.call
    if status == "ANSWER" and call.phase == "ringing" and call.agent is not None:
        noted = await line.get_variable(names.CTI_ANSWERED_AT) or ""
        contact.answered(call.agent, past(noted, ended_at) or ended_at)
    leader = call.party(call.lead)
    if leader is not None and leader.mode == "blind" and leader.state == "ringing":
        if status != "ANSWER":
            outcome = _OUTCOMES.get(status, "unreachable")
            outcome = outcome if outcome in _IN_VAIN else "unreachable"
            contact.exchange.call(CallFact.PARTY_FAILED, call.id, {"p": leader.p, "outcome": outcome})
            return "not_reached"
        at = past(await line.get_variable(names.CTI_ANSWERED_AT) or "", ended_at)
        at = at if at is not None and at >= leader.since else ended_at
        contact.exchange.call(CallFact.PARTY_JOINED, call.id, {"p": leader.p, "mode": "blind"}, at)
    if call.phase in _TALKED:
        return await _end_talk(line, contact, max(ended_at, call.answered_at or ended_at))
    data = {"agent": call.agent, "n": call.offers, "outcome": _OUTCOMES.get(status, "unreachable")}
    contact.exchange.call(CallFact.OFFER_FAILED, contact.call_id, data)
    return "failed"


_TALKED = ("talk", "party", "after_talk")
"""after_talk: its end was seen on the other connection first."""


async def _end_talk(line: Line, contact: Contact, ended_at: float) -> Outcome:
    call = contact.call
    if call.phase != "after_talk" and call.lead:
        contact.end_parties("party", ended_at)
    elif call.phase == "talk":
        lost = call.moved is None and await line.get_variable(names.CTI_AGENT_LOST) == "1"
        contact.end_talk("agent_lost" if lost else "agent", ended_at)
        if lost:
            return "agent_lost"
    contact.measure()
    return "talked" if call.moved is None else "moved"


async def forward(line: Line, contact: Contact, kind: str, target: str, to: Forward) -> Outcome:
    """Calls the number that the citizen is sent on to, to the end of the talk: talked or not_reached."""
    call = contact.call
    p = call.party_count + 1
    asked: dict[str, Value] = {"p": p, "kind": kind, "target": target, "mode": "blind", "by": call.sent_by}
    contact.exchange.call(CallFact.PARTY_ASKED, call.id, asked)
    shown = f"f({to.shown})" if to.shown else ""
    options = f"gm({names.MUSIC_CLASS}){shown}U({names.AGENT_ANSWERED}^{contact.segment(f'p{p}')})"
    assert contact.exchange.board.may_decide()
    await line.exec("Dial", to.dial, f"{to.ring_s:g}", options)
    ended_at = contact.exchange.wall()
    return await finish(line, contact, await line.get_variable(names.DIAL_STATUS) or "", ended_at)


def past(noted: str, now: float) -> float | None:
    """A UTC second as the dialplan writes it, not later than `now`; None if there is none."""
    return min(float(noted), now) if re.fullmatch(r"\d{1,12}(\.\d{1,6})?", noted) else None
