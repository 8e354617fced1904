"""What a waiting caller is told, and when: news is told, silence otherwise.

A mechanical announcement every minute makes callers give up at that very minute (Brown et al. 2005), so he hears of a
better position or a shorter wait, of a topic broadcast, once of the offer to be called back, and after a long silence
that he is not forgotten. A figure that he was told never grows without a reason: the larger one stays unsaid. With a
reason (fewer agents who could take him, somebody with a head start came) he hears one apology and the new figure.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cti.calls import CallFact, Milestone
from queues.estimate import Estimate


@dataclass(frozen=True, slots=True)
class Position:
    """His place in the queue, from 1."""

    place: int


@dataclass(frozen=True, slots=True)
class Minutes:
    """The estimated wait in whole minutes, rounded up; less than a minute is 1."""

    minutes: int


@dataclass(frozen=True, slots=True)
class Longer:
    """It takes longer than he was told, sorry: the new figure."""

    minutes: int


@dataclass(frozen=True, slots=True)
class Comfort:
    """He is not forgotten; there is no news."""


@dataclass(frozen=True, slots=True)
class Notice:
    """The topic broadcast of this name."""

    id: str


@dataclass(frozen=True, slots=True)
class OfferCallback:
    """We can call him back, his place kept. `minutes` is the wait as he has been told it; 0: he was told none."""

    minutes: int


Words = Position | Minutes | Longer | Comfort | Notice | OfferCallback


@dataclass(frozen=True, slots=True)
class Rules:
    every_s: float | None = 30.0
    """Figures at most once in this time, first after half of it; None: no figures at all."""
    comfort_s: float = 90.0
    """After so long without a word he hears that he is not forgotten."""
    longer_s: float = 300.0
    """An apology for a longer wait, or a second offer of a callback, at most once in this time."""
    callback_from_s: float | None = None
    """An estimate above this offers a callback; None: never."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one caller has been told; 0: nothing of that kind. Times are UTC seconds."""

    at: float
    """When he last heard words of ours; before the first, when he was queued."""
    first: bool = True
    """He has heard neither figures nor an offer yet."""
    position: int = 0
    minutes: int = 0
    able: int = 0
    """Agents who could take him when he was told `minutes` …"""
    ahead: float = math.inf
    """… and callers ahead of him then."""
    longer_at: float = -math.inf
    notices: tuple[str, ...] = ()
    offered_s: float = 0.0
    """The estimate with which he was offered a callback; infinite if nobody could take him."""
    offered_at: float = -math.inf

    @staticmethod
    def recalled(timeline: Iterable[Milestone], now: float) -> Told:
        """What a caller was told in this queueing, from his milestones in order: a restart makes no figure grow."""
        told = Told(now)
        for milestone in timeline:
            data = milestone.data
            match milestone.kind:
                case CallFact.QUEUED:
                    told = Told(now)
                case CallFact.ESTIMATED:
                    minutes, place = int(data.get("spoken_min") or 0), int(data.get("spoken_position") or 0)
                    first = told.first and not (minutes or place)
                    told = replace(told, first=first, minutes=minutes or told.minutes, position=place or told.position)
                case CallFact.NOTICE_HEARD:
                    told = replace(told, notices=(*told.notices, str(data["notice"])))
                case CallFact.CALLBACK_OFFERED:
                    wait_s = math.inf if data.get("wait_s") is None else float(data["wait_s"] or 0.0)
                    told = replace(told, first=False, offered_s=wait_s, offered_at=milestone.at)
                case _:
                    pass
        return told


_GROWN = 1.25
"""Nobody apologises for seconds: a wait is longer than told if it is so many times the figure."""
_OFFER_AGAIN = 1.5
"""A callback is offered again when the estimate is so many times that of the last offer."""
_FIRST_S = 15.0
"""The first offer of a callback to a caller who hears no figures."""


def next_words(
    told: Told, now: float, position: int, estimate: Estimate | None, notices: Sequence[str], rules: Rules
) -> tuple[Told, tuple[Words, ...]] | None:
    """What to say now, in this order, and what he has been told then; None: nothing.

    Ask about once a second while he waits, with his place in the queue (0: not known), the estimate (None: nobody can
    take his call) and the topic broadcasts that are on for him.
    """
    new = tuple(name for name in dict.fromkeys(notices) if name not in told.notices)
    words: list[Words] = [Notice(name) for name in new]
    after = replace(told, notices=told.notices + new)
    if now - told.at >= _pause_s(told, rules):
        if rules.every_s is not None:
            after = _figures(after, now, position, estimate, rules, words)
        after = _offer(after, now, estimate, rules, words)
    if not words and now - told.at >= rules.comfort_s:
        words.append(Comfort())
    return (replace(after, at=now), tuple(words)) if words else None


def quiet_until(told: Told, rules: Rules) -> float:
    """Before this moment (UTC seconds) `next_words` has nothing to say but a notice that he has not heard."""
    return told.at + min(_pause_s(told, rules), rules.comfort_s)


def _pause_s(told: Told, rules: Rules) -> float:
    if told.first:
        return _FIRST_S if rules.every_s is None else rules.every_s / 2
    return 2 * _FIRST_S if rules.every_s is None else rules.every_s


def _figures(
    told: Told, now: float, position: int, estimate: Estimate | None, rules: Rules, words: list[Words]
) -> Told:
    minutes = 0 if estimate is None else max(1, math.ceil(estimate.wait_s / 60))
    nearer = position and (not told.position or position < told.position)
    shorter = minutes and (not told.minutes or minutes < told.minutes)
    longer = estimate is not None and _is_longer(told, now, estimate, rules)
    if not (nearer or shorter or longer):
        return told
    told = replace(told, first=False)
    if position and (not told.position or position <= told.position):
        words.append(Position(position))
        told = replace(told, position=position)
    if longer:
        words.append(Longer(minutes))
        told = replace(told, longer_at=now)
    elif minutes and (not told.minutes or minutes <= told.minutes):
        words.append(Minutes(minutes))
    else:
        return told
    assert estimate is not None
    return replace(told, minutes=minutes, able=estimate.able, ahead=estimate.ahead)


def _is_longer(told: Told, now: float, estimate: Estimate, rules: Rules) -> bool:
    """Longer than told by more than a trifle, for a reason, and no apology lately."""
    reason = estimate.able < told.able or estimate.ahead > told.ahead + 0.5
    grown = told.minutes > 0 and estimate.wait_s > _GROWN * 60 * told.minutes
    return grown and reason and now - told.longer_at >= rules.longer_s


def _offer(told: Told, now: float, estimate: Estimate | None, rules: Rules, words: list[Words]) -> Told:
    wait_s = math.inf if estimate is None else estimate.wait_s
    if rules.callback_from_s is None or wait_s <= rules.callback_from_s:
        return told
    if told.offered_s and (wait_s <= _OFFER_AGAIN * told.offered_s or now - told.offered_at < rules.longer_s):
        return told
    words.append(OfferCallback(told.minutes))
    return replace(told, first=False, offered_s=wait_s, offered_at=now)
