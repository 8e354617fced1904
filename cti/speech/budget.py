"""Who gets speech when streams run short: menu answers, then talks with long expected tickets, then the words of those
who wait; the rest of the talks is transcribed after the call. Pure.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from cti.transcriber import Purpose

STAYS = 1.5
"""Who is listened to gives way only to a talk whose ticket is longer by this factor: half a transcript is a loss."""
_CPU_SHARE = 0.6
"""Of a worker's core for live streams. Speech comes in bursts, several speak at the same moment, and a recogniser that
is searching falls behind long before the core is full."""
MOST_A_WORKER = 40
"""However quick the model."""
UNMEASURED_A_WORKER = 2
"""Streams of a model whose speed could not be measured."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One who wants to be listened to."""

    number: int
    """In the order in which they came."""
    purpose: Purpose
    expected_ticket_s: float
    listened_to: bool

    @property
    def rank(self) -> tuple[int, float, int]:
        """The smallest comes first."""
        match self.purpose:
            case "menu":  # it is over in seconds: whoever has a stream for one keeps it
                return (0, 0.0, self.number)
            case "talk":
                worth = self.expected_ticket_s * (STAYS if self.listened_to else 1.0)
                return (1, -worth, self.number)
            case "queue":
                # In a rush there are many of them, one after the other: no talk would find a free stream any more.
                return (2, 0.0, self.number)


def who_gets(claims: Collection[Claim], streams: int) -> frozenset[int]:
    """The numbers of those who get one of `streams` streams; the others are put off until after the call."""
    return frozenset(claim.number for claim in sorted(claims, key=lambda claim: claim.rank)[: max(0, streams)])


def streams_of_worker(real_time: float | None) -> int:
    """How many live streams one worker, on a core of its own, can bear.

    `real_time`: processor seconds for a second of speech, as it was measured with this model on this machine.
    """
    if real_time is None or real_time <= 0:
        return UNMEASURED_A_WORKER
    return max(1, min(MOST_A_WORKER, int(_CPU_SHARE / real_time)))


def recordings_at_once(live: int, streams: int, workers: int) -> int:
    """How many recordings may be under way: one a worker, none while there are live streams and every one is taken."""
    return workers if live == 0 or live < streams else 0
