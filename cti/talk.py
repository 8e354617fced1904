"""The offer of a call to an agent: ringing, talking, and what became of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from cti.asterisk import names
from cti.calls import AgentId, CallFact
from cti.contact import Contact

if TYPE_CHECKING:
    from cti.journey import Line

_OUTCOMES = {"NOANSWER": "no_answer", "BUSY": "rejected", "CANCEL": "caller_left", "": "interrupted"}
"""DIALSTATUS of a Dial() that nobody answered -> outcome of the offer; everything else: unreachable."""


Outcome = Literal["talked", "agent_lost", "failed"]
"""talked: they talked and the agent has hung up; agent_lost: his line went dead in the talk and the citizen is still
there; failed: he did not answer. After the last two the citizen keeps his place."""


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
    if contact.call.phase == "talk":
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
    if call.phase == "talk":
        return await _end_talk(line, contact, max(ended_at, call.answered_at or ended_at))
    data = {"agent": call.agent, "n": call.offers, "outcome": _OUTCOMES.get(status, "unreachable")}
    contact.exchange.call(CallFact.OFFER_FAILED, contact.call_id, data)
    return "failed"


async def _end_talk(line: Line, contact: Contact, ended_at: float) -> Outcome:
    lost = await line.get_variable(names.CTI_AGENT_LOST) == "1"
    contact.end_talk("agent_lost" if lost else "agent", ended_at)
    return "agent_lost" if lost else "talked"


def past(noted: str, now: float) -> float | None:
    """A UTC second as the dialplan writes it, not later than `now`; None if there is none."""
    return min(float(noted), now) if re.fullmatch(r"\d{1,12}(\.\d{1,6})?", noted) else None
