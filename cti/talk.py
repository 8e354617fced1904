"""The offer of a call to an agent: ringing, talking, and what became of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cti.asterisk import names
from cti.calls import AgentId, CallFact
from cti.contact import Contact

if TYPE_CHECKING:
    from cti.journey import Line

_OUTCOMES = {"NOANSWER": "no_answer", "BUSY": "rejected", "CANCEL": "caller_left", "": "interrupted"}
"""DIALSTATUS of a Dial() that nobody answered -> outcome of the offer; everything else: unreachable."""


async def offer(line: Line, contact: Contact, agent: AgentId, timeout_s: float) -> bool:
    """Rings the agent. True: they talked and the agent has hung up; False: he did not answer, the place is kept.

    Raises CallerHungUp when the caller leaves, ringing or talking; `Contact.close` then completes the record.
    """
    path = contact.file()
    await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
    # b: only while bridged, so that ringing is not recorded, and a talk goes on being recorded if we die.
    await line.exec("MixMonitor", str(path), "b")
    headers = f"{names.AGENT_HEADERS}^s^1({contact.call_id}^{agent})"
    options = f"gm({names.MUSIC_CLASS})b({headers})"
    await line.exec("Dial", f"PJSIP/{agent}", f"{timeout_s:g}", options)
    status = await line.get_variable(names.DIAL_STATUS) or ""
    answered_s = float(await line.get_variable(names.ANSWERED_S) or 0.0) if status == "ANSWER" else 0.0
    return await finish(line, contact, status, answered_s)


async def finish(line: Line, contact: Contact, status: str, answered_s: float) -> bool:
    """The Dial() is over with `status`, in this session or (after a crash of the daemon) before it. As `offer`."""
    call = contact.call
    now = contact.exchange.wall()
    if status == "ANSWER" and call.phase == "ringing" and call.agent is not None:
        contact.answered(call.agent, now - answered_s)
    if call.phase == "talk":
        contact.end_talk("agent", now)
        await line.exec("StopMixMonitor")
        return True
    path = contact.file()
    data = {"agent": call.agent, "n": call.offers, "outcome": _OUTCOMES.get(status, "unreachable")}
    contact.exchange.call(CallFact.OFFER_FAILED, contact.call_id, data)
    await line.exec("StopMixMonitor")
    await asyncio.to_thread(path.unlink, missing_ok=True)
    return False
