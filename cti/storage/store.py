"""What a store of milestones and call records promises. `MemoryStore`, SQLite and PostgreSQL pass the same tests."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import structlog

from cti.calls import CallFact, CallId, Milestone, Stream
from cti.metrics.gaps import Gap
from cti.metrics.groups import AgentKey, Key
from cti.metrics.half_hours import HalfHour
from cti.metrics.record import CALLBACK, CallRecord
from cti.storage.segments import Position, decode, encode

log = structlog.get_logger()


class StoreError(Exception):
    """The store cannot be used; the text says why and what to do about it (never a password)."""


class StoreUnavailableError(StoreError):
    """Down, locked, full or too slow: the same call may succeed later."""


class StoreRefusedError(StoreError):
    """This content will never be taken, whatever is tried."""


K_co = TypeVar("K_co", Key, AgentKey, covariant=True)


@dataclass(frozen=True, slots=True)
class Kept(Generic[K_co]):
    """Sums that a store keeps of some half hours."""

    whole: frozenset[int]
    """The half hours (beginnings, UTC seconds) of which they say just what the records say now."""
    sums: Sequence[tuple[K_co, Mapping[str, int]]]
    """Of those alone."""


class KeptSums(Protocol):
    """What roll-ups need not be made of. Times are whole half hours; all may raise StoreUnavailableError."""

    def calls(self, since: float, until: float, statistics: str | None = None) -> Kept[Key]:
        """As `roll_up` of the ended calls that arrived in that time; of one statistics key, or all."""

    def agents_calls(self, since: float, until: float) -> Kept[AgentKey]:
        """As `roll_up_agents_calls` of them."""

    def agents_time(self, since: float, until: float) -> Kept[AgentKey]:
        """As `roll_up_agents_time`."""


class Store(Protocol):
    """Synchronous: run it on a `Worker`, never on the event loop. All may raise StoreUnavailableError."""

    def drain(self, batch: Sequence[Milestone], journal: str = "", position: Position | None = None) -> int:
        """Takes a batch in one transaction and gives how many of it were new.

        In the same transaction: the records of all calls whose end is known are folded anew, and `position` is kept
        for `journal`. Any order, overlap or repetition of batches ends in the same content.
        """

    def position(self, journal: str) -> Position:
        """Up to where a journal was drained; Position(0, 0) for one never seen."""

    def call(self, call_id: CallId) -> CallRecord | None:
        """The record of a call that has ended."""

    def calls(self, since: float, until: float, *, statistics: str | None = None) -> list[CallRecord]:
        """Ended calls that arrived from `since` on and before `until`, by arrival; of one statistics key, or all."""

    def calls_of(self, numbers: Collection[str], since: float, limit: int) -> list[CallRecord]:
        """Ended calls of or to these callers that arrived from `since` on: the last `limit`, the newest first."""

    def half_hours(self, since: float, until: float) -> list[HalfHour]:
        """Sums of the ended calls that arrived from `since` on and before `until`, by time and queue."""

    def open_calls(self, since: float, until: float, *, statistics: str | None = None) -> int:
        """How many incoming calls came in that time (of one statistics key, or all) and have not ended."""

    def contradictions(self, since: float, until: float) -> dict[CallId, str]:
        """Calls of that time whose milestones contradict one another, with the reasons."""

    def milestones(self, id_: str, stream: Stream = "call") -> list[Milestone]:
        """The whole timeline of a call, an agent or one thing of the city, by number."""

    def at_desks(self, since: float, until: float, *, limit: int | None = None) -> list[Milestone]:
        """What calls did at agents' desks from `since` on and before `until`, by time: their offers, answers, holds
        and ends of talks, and who came to a talk and left it; the first `limit`."""

    def beside_calls(self, stream: Stream, since: float, until: float, *, limit: int | None = None) -> list[Milestone]:
        """Milestones of all agents, or of the city, from `since` on and before `until`, by time; the first `limit`."""

    @property
    def kept(self) -> KeptSums | None:
        """Sums by half hour, if this store keeps any."""

    def gaps(self, since: float, until: float) -> list[Gap]:
        """Those that touch this time: nobody saw what happened."""

    def find(self, text: str) -> CallId | None:
        """The call, live or ended, of which this is the id or the SIP Call-ID; "last": the one that came last."""

    def close(self) -> None: ...


DESK_FACTS = frozenset(
    {
        CallFact.OFFERED,
        CallFact.OFFER_FAILED,
        CallFact.ANSWERED,
        CallFact.HELD,
        CallFact.UNHELD,
        CallFact.TALK_ENDED,
        CallFact.PARTY_ASKED,
        CallFact.PARTY_JOINED,
        CallFact.PARTY_FAILED,
        CallFact.PARTY_LEFT,
        CallFact.HANDED_OVER,
    }
)
"""What `Store.at_desks` gives."""


def incoming(arrived: Milestone) -> bool:
    """Whether a citizen called us, by the call's first milestone."""
    return arrived.data.get("direction") != CALLBACK


def storable(milestone: Milestone) -> Milestone:
    """The milestone as every store keeps it: as read from the journal, without NUL (PostgreSQL's text has none)."""
    read_back = decode(encode(milestone))
    if not any(isinstance(value, str) and "\0" in value for value in read_back.data.values()):
        return read_back
    data = {k: v.replace("\0", "\ufffd") if isinstance(v, str) else v for k, v in read_back.data.items()}
    return Milestone(read_back.stream, read_back.id, read_back.seq, read_back.at, read_back.kind, data)


def log_conflict(kept: Milestone) -> None:
    """Two different milestones claim one identity: the first stays, and somebody has to know."""
    log.error("milestone_conflict", stream=kept.stream, id=kept.id, seq=kept.seq, kind=kept.kind)


def log_contradiction(call_id: str, faults: Sequence[str]) -> None:
    log.error("call_contradiction", call_id=call_id, faults="; ".join(faults))
