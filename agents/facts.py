"""What may be said of an agent, what follows from it, and how his desk is made of the facts that were noted.

A fact that says nothing new gives no milestone, so facts may come twice or late. Each fact of what is held back carries
all of it: the newest one of each kind is enough to know a desk again after old journal files are gone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from agents.orders import FORCED_REASON, Forced, forcible, skills_from_text, skills_to_text
from agents.status import (
    Cause,
    Desk,
    DeskRules,
    Status,
    StatusRefused,
    held_from_text,
    held_to_text,
)
from agents.wrap_up import KINDS, Kind, WrapUp, WrapUpPolicy, begin, check_finish, extended
from cti.calls import AgentFact, CallId, Value

Facts = list[tuple[AgentFact, dict[str, Value]]]


def accepted(desk: Desk, kind: AgentFact, data: Mapping[str, Value], now: float) -> Facts:
    """The facts to note when somebody says `kind` of this agent; none if it is known already.

    StatusRefused if the rules forbid it now; ValueError for a status or cause that there is not.
    """
    match kind:
        case AgentFact.STATUS:
            return _chosen(desk, Status(str(data["status"])), str(data.get("reason") or ""), now)
        case AgentFact.LOGGED_IN if desk.status is not Status.OFFLINE:
            return []
        case AgentFact.LOGGED_OUT if desk.status is Status.OFFLINE:
            return []
        case AgentFact.PAGE_OPENED if desk.page_seen or desk.status is Status.OFFLINE:
            return []
        case AgentFact.SOFTPHONE if desk.softphone == data["login"]:
            return []
        case AgentFact.SOFTPHONE if desk.status is Status.OFFLINE:
            raise StatusRefused("not_logged_in", "log in first")
        case AgentFact.HELD_BACK:
            until = data.get("until")
            return _held_back(desk, Cause(str(data["reason"])), math.inf if until is None else float(until), now)
        case AgentFact.RELEASED:
            return _released(desk, Cause(str(data["reason"])), now)
        case AgentFact.FORCED:
            return _forced(desk, dict(data), now)
        case AgentFact.SKILLS_TODAY:
            was = "" if desk.today is None else skills_to_text(desk.today.skills)
            if was == data["skills"]:
                return []
        case AgentFact.WRAP_UP_FINISHED:
            check_finish(desk.wrap_up, now)
        case AgentFact.WRAP_UP_EXTENDED:
            return [(kind, {"until": extended(desk.wrap_up, float(data["seconds"] or 0.0), now)})]
        case _:
            pass
    return [(kind, dict(data))]


def offer_failed(desk: Desk, outcome: str, now: float, rules: DeskRules) -> Facts:
    """He was rung in vain: nothing is offered for a while, and after too many in a row he is not ready any more.

    A telephone that could not be reached (`unreachable`), or whose network was lost in a talk (`agent_lost`), is held
    back until it is there again. What is held back already because telephone or page are away is no fault of his. A
    browser that was lost in a talk may be back before that is known: its connection says when.
    """
    if desk.status is not Status.READY or desk.causes(now) & {Cause.PHONE_AWAY, Cause.PAGE_AWAY}:
        return []
    if outcome == "agent_lost" and desk.softphone:
        return []
    misses = desk.misses + 1
    facts: Facts = []
    if outcome in ("unreachable", "agent_lost"):
        facts += _held_back(replace(desk, misses=misses), Cause.PHONE_AWAY, math.inf, now, again=True)
    elif misses < rules.no_answer_limit:
        facts += _held_back(replace(desk, misses=misses), Cause.NO_ANSWER, now + rules.no_answer_pause_s, now)
    if misses >= rules.no_answer_limit:
        facts.append((AgentFact.STATUS, {"status": Status.BREAK.value, "reason": outcome}))
    return facts


def talk_over(desk: Desk, call_id: CallId, side: str, at: float, policy: WrapUpPolicy) -> Facts:
    """A talk of his ended at `at`: the wrap-up begins, and what he missed before is forgotten."""
    if desk.status is Status.OFFLINE or desk.is_to_leave or side == "agent_lost":
        return []
    facts: Facts = []
    if desk.misses:
        facts.append((AgentFact.RELEASED, {"reason": "answered", "held": held_to_text(desk.held_back), "misses": 0}))
    if (wrap_up := begin(policy, at)) is not None:
        until = None if wrap_up.until == math.inf else wrap_up.until
        data: dict[str, Value] = {"call": call_id, "kind": wrap_up.kind, "until": until}
        facts.append((AgentFact.WRAP_UP_STARTED, {**data, "most_until": wrap_up.most_until}))
    return facts


def due(desk: Desk, now: float) -> Facts:
    """What a supervisor's order brings about now: a log-out that waited for the end of a call, the end of a day."""
    facts: Facts = []
    if desk.is_to_leave and desk.call_id is None:
        facts.append((AgentFact.LOGGED_OUT, {"reason": FORCED_REASON}))
    if desk.today is not None and desk.today.until <= now:
        facts.append((AgentFact.SKILLS_TODAY, {"skills": "", "until": None, "by": "system"}))
    return facts


def folded(desk: Desk, kind: AgentFact, data: Mapping[str, Value], at: float) -> Desk:
    """The desk after a fact that was noted at `at` (UTC seconds)."""
    match kind:
        case AgentFact.LOGGED_IN:
            return desk.log_in(at)
        case AgentFact.STATUS:
            status, reason = Status(str(data["status"])), str(data.get("reason") or "")
            return desk.choose(status, reason or ("unnamed" if status is Status.BREAK else ""), at)
        case AgentFact.LOGGED_OUT:
            return desk.choose(Status.OFFLINE, str(data.get("reason") or ""), at)
        case AgentFact.PAGE_OPENED:
            return replace(desk, page_seen=True)
        case AgentFact.SOFTPHONE:
            return replace(desk, softphone=str(data["login"]))
        case AgentFact.HELD_BACK | AgentFact.RELEASED:
            return desk.hold_back(held_from_text(str(data["held"])), int(data.get("misses") or 0), at)
        case AgentFact.WRAP_UP_STARTED:
            policy: Kind = next((known for known in KINDS if known == data["kind"]), "optional")
            until = math.inf if data["until"] is None else float(data["until"])
            most_until = float(data.get("most_until") or until)
            return desk.wrap_up_begins(WrapUp(policy, at, until, most_until))
        case AgentFact.WRAP_UP_EXTENDED:
            return desk.wrap_up_lasts(float(data["until"] or 0.0))
        case AgentFact.WRAP_UP_FINISHED:
            return desk.wrap_up_ends(at)
        case AgentFact.FORCED:
            return desk.be(Forced(forcible(str(data["status"])), str(data["by"]), str(data["why"]), at))
        case AgentFact.SKILLS_TODAY:
            return desk.for_today(
                skills_from_text(str(data["skills"])), float(data.get("until") or 0.0), str(data.get("by"))
            )
        case AgentFact.ADDED | AgentFact.REMOVED | AgentFact.STANDBY_CALLED | AgentFact.BROADCAST_SEEN:
            return desk


def _chosen(desk: Desk, status: Status, reason: str, now: float) -> Facts:
    if desk.status is Status.OFFLINE:
        raise StatusRefused("not_logged_in", "log in first")
    if status is Status.OFFLINE:
        return [(AgentFact.LOGGED_OUT, {"reason": reason or "logout"})]
    after = desk.choose(status, reason, now)
    facts: Facts = [(AgentFact.STATUS, {"status": status.value, "reason": reason})]
    if desk.wrap_up is not None and after.wrap_up is None:
        return [(AgentFact.WRAP_UP_FINISHED, {}), *facts] if now < desk.wrap_up.until else facts
    same = (desk.status, desk.reason, desk.held_back, desk.misses)
    return [] if same == (after.status, after.reason, after.held_back, after.misses) else facts


def _forced(desk: Desk, data: dict[str, Value], now: float) -> Facts:
    """His status first: whatever he chooses himself afterwards ends what he was made."""
    status = Status(forcible(str(data["status"])))
    if status is Status.OFFLINE:
        return [] if desk.status is Status.OFFLINE else [(AgentFact.FORCED, data)]  # `due` says when
    kept = replace(desk, forced=None)
    reason = FORCED_REASON if status is Status.BREAK else ""
    return [*_chosen(kept, status, reason, now), (AgentFact.FORCED, data)]


def _held_back(desk: Desk, cause: Cause, until: float, now: float, *, again: bool = False) -> Facts:
    if desk.status is Status.OFFLINE and cause in (Cause.NO_ANSWER, Cause.PAGE_AWAY):
        return []
    if desk.held_back.get(cause) == until and not again:
        return []
    held = {c: u for c, u in desk.held_back.items() if now < u} | {cause: until}
    data: dict[str, Value] = {"reason": cause.value, "until": None if until == math.inf else until}
    return [(AgentFact.HELD_BACK, {**data, "held": held_to_text(held), "misses": desk.misses})]


def _released(desk: Desk, cause: Cause, now: float) -> Facts:
    if cause not in desk.held_back:
        return []
    held = {c: u for c, u in desk.held_back.items() if now < u and c is not cause}
    return [(AgentFact.RELEASED, {"reason": cause.value, "held": held_to_text(held), "misses": desk.misses})]
