"""What an agent sees of the call that he is offered or in: the screen-pop, before his telephone rings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from typing import Any, Final

from agents.roster import Agent
from cti.calls import AgentId, CallFact, CallId, Milestone
from cti.live_call import Call, Party
from cti.metrics.words import SKILLS, Words
from queues.decision import Decision

_NO_MENU: Final = ("免导航", "no menu")
_MENU: Final = ("导航", "menu")


def pop(
    call: Call,
    timeline: Sequence[Milestone],
    roster: Mapping[AgentId, Agent],
    party_name: Callable[[Party], Mapping[str, str]],
    *,
    full_number: bool,
    offer_timeout_s: float,
    auto_answer_s: float | None,
    skills: Mapping[str, tuple[str, str]] = SKILLS,
) -> dict[str, Any]:
    """One call for its agent's page. `timeline`: its milestones so far, the offer among them; the number only where
    `full_number`, for him who is on the call."""
    facts, last_offer = call.facts, _last(timeline, CallFact.OFFERED)
    offered_at = last_offer.at if last_offer is not None else None
    held = _last(timeline, CallFact.HELD)
    back = _last(timeline, CallFact.UNHELD)
    on_hold = call.phase == "talk" and held is not None and (back is None or back.seq < held.seq)
    return {
        "call_id": call.id,
        "direction": facts.get("direction", "in"),
        "medium": facts.get("medium") or "voice",
        "phase": call.phase,
        "pii_caller": facts.get("pii_caller") if full_number else None,
        "dialled": facts.get("dialled"),
        "original": facts.get("original"),
        "city": facts.get("city"),
        "mode": facts.get("mode"),
        "queue": call.need.queue if call.need is not None else None,
        "path": _path(call, timeline, skills),
        "said": _said(timeline, full_number),
        "language": next((m.data["language"] for m in reversed(timeline) if m.data.get("language")), "zh-CN"),
        "arrived_at": call.arrived_at,
        "queued_at": call.queued_at or None,
        "since": call.since or None,
        "offered_at": offered_at,
        "answer_by": None if call.phase != "ringing" or offered_at is None else offered_at + offer_timeout_s,
        "answered_at": call.answered_at,
        "held_since": held.at if held is not None and on_hold else None,
        "why": _why(last_offer, roster, skills),
        "auto_answer_s": auto_answer_s,
        "recording": call.phase in ("talk", "party"),
        "offers": call.offers,
        "agent": call.agent,
        "reattach": call.agent is not None and call.reattach == call.agent,
        "parties": [
            {
                "p": party.p,
                "kind": party.kind,
                "target": party.target,
                "name": party_name(party),
                "mode": party.mode,
                "state": party.state,
                "since": party.since,
                "agent": party.agent,
                "leads": party.p == call.lead,
            }
            for party in call.parties
        ],
    }


def _last(timeline: Sequence[Milestone], kind: CallFact) -> Milestone | None:
    return next((m for m in reversed(timeline) if m.kind == kind), None)


def _said(timeline: Sequence[Milestone], full: bool) -> dict[str, Any] | None:
    """What he said when he was asked what it is about; the words themselves for him who is on the call."""
    said = _last(timeline, CallFact.SAID)
    if said is None:
        return None
    facts = {key: said.data.get(key) for key in ("matter", "urgent", "confidence")}
    return {**facts, "pii_text": said.data.get("pii_text") if full else None}


def _path(call: Call, timeline: Sequence[Milestone], skills: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """How he came here, in a few words: with or without a menu, and to which queue."""
    way = _MENU if any(m.kind == CallFact.MENU_ENTERED for m in timeline) else _NO_MENU
    queue = call.need.queue if call.need is not None else ""
    to = skills.get(queue, (queue, queue))
    return {"zh": " → ".join(filter(None, (way[0], to[0]))), "en": " → ".join(filter(None, (way[1], to[1])))}


def _why(
    offer: Milestone | None, roster: Mapping[AgentId, Agent], skills: Mapping[str, tuple[str, str]]
) -> dict[str, str]:
    """Why he and nobody else, in a line: the rule that he met, and how long he had been idle."""
    if offer is None:
        return {"zh": "", "en": ""}
    try:
        agent = AgentId(str(offer.data["agent"]))
        decision = Decision.from_text(str(offer.data["why"]), CallId(offer.id), agent)
    except (KeyError, ValueError):
        return {"zh": "", "en": ""}
    said = {}
    for lang in ("zh", "en"):
        words = Words.of_roster(lang, roster, UTC, skills)
        rule = words.rule(decision.rule)
        if decision.rule.startswith("="):
            rule = "找您接听的市民" if words.zh else "asked for you"
        idle = _clock(decision.idle_s)
        longest = decision.candidates > 1
        if words.zh:
            said[lang] = words.line(f"{rule}，空闲{'最久' if longest else ''} {idle}")
        else:
            said[lang] = f"{rule}, idle {'longest, ' if longest else ''}{idle}"
    return said


def _clock(seconds: float) -> str:
    """`04:12`, from an hour on `1:04:12`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"
