"""What the wallboard shows when a demonstration is over, beside the telephones' account and the records. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cti.demo.account import Account
from cti.demo.reconcile import Difference
from cti.metrics.rates import rate, total
from cti.metrics.record import CallRecord
from cti.metrics.rollups import roll_up

State = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""The topic `wall` of the live pages (cti.wall_view): section -> key -> row."""
_OF_RECORDS = (
    "queue_answer_rate",
    "asked_answer_rate_15s",
    "satisfaction",
    "participation",
    "asa",
    "wait_total",
    "callback_reach_rate",
)
"""Telephones do not tell these; each record has been compared with the telephones before."""


def differing(wall: State, account: Account, records: Sequence[CallRecord], agents: int) -> list[Difference]:
    """Every number that is another one. Nobody else used the system today, all calls are over, and the `agents` are
    still logged in."""
    found = [*_numbers(wall, account, agents), *_rates(wall, records)]
    return [Difference("wallboard", what, str(theirs), str(ours)) for what, theirs, ours in found if theirs != ours]


def _numbers(wall: State, account: Account, agents: int) -> Iterator[tuple[str, Any, Any]]:
    """By the telephones alone."""
    calls = sum(call.answered_at is not None for call in account.calls.values())
    answered = len({leg.call for leg in account.legs.values() if leg.confirmed_at is not None and leg.call})
    headline = wall["rates"]["connection_rate"]
    yield "connection rate", (answered, calls), (headline["n"], headline["of"])
    halves = wall["today"].values()
    yield "half hours together", (answered, calls), (sum(h["n"] for h in halves), sum(h["of"] for h in halves))
    yield "calls that no person answered", calls - answered, sum(row["n"] for row in wall["losses"].values())
    yield "callers who wait", (0, None), (wall["waiting"]["all"]["n"], wall["waiting"]["all"]["longest_since"])
    yield "callers who wait, by queue", 0, sum(row["waiting"] for row in wall["queues"].values())
    seats = {name: row["n"] for name, row in wall["seats"].items()}
    yield "seats that talk or ring", (0, 0), (seats["talking"], seats["offered"])
    yield "agents logged in", agents, sum(seats.values()) - seats["offline"]


def _rates(wall: State, records: Sequence[CallRecord]) -> Iterator[tuple[str, Any, Any]]:
    sums = total(roll_up(records))
    for code in _OF_RECORDS:
        right, row = rate(code, sums), wall["rates"][code]
        yield code, (right.numerator, right.denominator), (row["n"], row["of"])
    lost = Counter(record.lost_at or "none" for record in records if record.incoming and not record.answered)
    for place, row in wall["losses"].items():
        yield f"lost: {place}", lost[place], row["n"]
