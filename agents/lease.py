"""The lease of an agent's state: three heartbeats, what is missing, and what follows from it.

An agent is what we believe he is only while something says so: his telephone (`contact`), his desk page (`page`) and,
while we believe that he is rung or talks, his channel in Asterisk (`channel`). Nothing here acts. Times: UTC seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agents.status import Cause, Desk, State, Status

CLOSED_S = 2.0
"""A page that was closed has so long to be there again: a reload is no absence."""
SETTLE_S = 10.0
"""A telephone that failed though it never seemed to be away is believed again after so long."""
TALK_GRACE_S = 2.0
"""An ordinary end of a talk shows in Asterisk first and in our books a moment later."""
RING_S = 3.0
"""A telephone that is there says within this time that it rings."""
OFFER_GRACE_S = 5.0
"""An offer has so long to become a channel of the agent's."""


@dataclass(frozen=True, slots=True)
class LeaseRules:
    page_lost_s: float = 5.0
    logout_after_s: float = 900.0


@dataclass(frozen=True, slots=True)
class Beat:
    alive: bool
    since: float
    """Since when it is so, as far as this process knows."""


@dataclass(frozen=True, slots=True)
class PageSign:
    """The last sign of life of the desk page."""

    at: float
    is_open: bool


@dataclass(frozen=True, slots=True)
class Signs:
    """What is known of an agent. None: nothing, so nothing follows."""

    contact: Beat | None = None
    page: PageSign | None = None
    channel: Beat | None = None
    rings: bool = True
    """Of that channel: the telephone has said at least that it rings."""


Act = Literal["hold_back", "release", "log_out", "pull_back", "cut", "free"]


@dataclass(frozen=True, slots=True)
class Follows:
    """hold_back, release: for `cause`. log_out: with `cause` as the reason. pull_back: the telephone that rings is to
    stop, the caller goes to somebody else. cut: the agent's channel is dead, end it. free: there is no channel, so
    what we believe of this call is wrong since `since`."""

    act: Act
    cause: Cause | None = None
    since: float = 0.0


def page_lost_at(sign: PageSign, rules: LeaseRules) -> float:
    """From when on the page is gone if there is no other sign of it."""
    return sign.at + (rules.page_lost_s if sign.is_open else min(CLOSED_S, rules.page_lost_s))


def follows(desk: Desk, signs: Signs, now: float, rules: LeaseRules, held_since: float = 0.0) -> list[Follows]:
    """What is to be done now. `held_since`: since when, at the earliest, calls are held back for PHONE_AWAY."""
    return [
        *_contact(desk, signs, now, rules, held_since),
        *_page(desk, signs, now, rules),
        *_channel(desk, signs, now),
    ]


def _contact(desk: Desk, signs: Signs, now: float, rules: LeaseRules, held_since: float) -> list[Follows]:
    contact, held = signs.contact, Cause.PHONE_AWAY in desk.held_back
    if contact is None:
        return []
    if contact.alive:
        back = contact.since >= held_since or now - held_since >= SETTLE_S
        return [Follows("release", Cause.PHONE_AWAY)] if held and back else []
    todo = [] if held else [Follows("hold_back", Cause.PHONE_AWAY)]
    state = desk.state(now)
    if state is State.OFFERED:
        todo.append(Follows("pull_back", Cause.PHONE_AWAY))
    elif state is State.HELD and not desk.softphone and now - contact.since >= TALK_GRACE_S:
        # Nothing is heard from a telephone on hold anyway; a browser sends silence (cti.silent_lines).
        todo.append(Follows("cut", Cause.PHONE_AWAY))
    if _may_log_out(desk) and now - contact.since >= rules.logout_after_s:
        todo.append(Follows("log_out", Cause.PHONE_AWAY))
    return todo


def _page(desk: Desk, signs: Signs, now: float, rules: LeaseRules) -> list[Follows]:
    held = Cause.PAGE_AWAY in desk.held_back
    if desk.status is Status.OFFLINE or not desk.page_seen or signs.page is None:
        return [Follows("release", Cause.PAGE_AWAY)] if held else []
    lost_at = page_lost_at(signs.page, rules)
    if now < lost_at:
        return [Follows("release", Cause.PAGE_AWAY)] if held and signs.page.is_open else []
    todo = [] if held else [Follows("hold_back", Cause.PAGE_AWAY)]
    if desk.state(now) is State.OFFERED:
        todo.append(Follows("pull_back", Cause.PAGE_AWAY))
    if _may_log_out(desk) and now - signs.page.at >= rules.logout_after_s:
        todo.append(Follows("log_out", Cause.PAGE_AWAY))
    return todo


def _channel(desk: Desk, signs: Signs, now: float) -> list[Follows]:
    if desk.call_id is None or signs.channel is None:
        return []
    since = max(signs.channel.since, desk.call_since)
    if signs.channel.alive:
        if signs.rings or desk.talking or now - since < RING_S:
            return []
        held = Cause.PHONE_AWAY in desk.held_back
        todo = [] if held else [Follows("hold_back", Cause.PHONE_AWAY)]
        return [*todo, Follows("pull_back", Cause.PHONE_AWAY)]
    grace_s = TALK_GRACE_S if desk.talking else OFFER_GRACE_S
    return [Follows("free", since=since)] if now - since >= grace_s else []


def _may_log_out(desk: Desk) -> bool:
    return desk.status is not Status.OFFLINE and desk.call_id is None
