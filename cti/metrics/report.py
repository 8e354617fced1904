"""The report of a period: rates by name, losses by place, waits, ratings. Pure; `yihu report` prints it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from cti.metrics.cases import CASES, case_rate
from cti.metrics.estimates import Accuracy, accuracies, first_outcome
from cti.metrics.figures import LOSS_PLACES, incoming
from cti.metrics.rates import Rate, rate, total
from cti.metrics.record import CallRecord
from cti.metrics.rollups import roll_up
from cti.metrics.surge import RungOn

REPORTED = (
    "connection_rate",
    "queue_answer_rate",
    "asked_answer_rate_15s",
    "asked_answer_rate_20s",
    "asked_answer_rate_30s",
    "intent_rate",
    "asa",
    "wait_total",
    "satisfaction",
    "participation",
    "callback_success",
)
"""Of all definitions those that a day is judged by."""


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds waited: nearest-rank percentiles, so that each figure is the wait of a real call. All None when n = 0."""

    n: int
    p50: float | None
    p90: float | None
    p95: float | None
    p99: float | None
    max: float | None

    @staticmethod
    def of(values: Sequence[float]) -> Waits:
        ordered = sorted(values)

        def rank(share: float) -> float | None:
            return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None

        return Waits(len(ordered), rank(0.5), rank(0.9), rank(0.95), rank(0.99), rank(1.0))


@dataclass(frozen=True, slots=True)
class Callbacks:
    """Calls of ours to citizens; none of them is in any other figure of the report."""

    asked: int
    """Callers who chose to be called back instead of waiting."""
    tried: int
    """Tasks whose citizen was dialled in the period."""
    reached: int
    outcomes: dict[str, int]
    """Of all calls of ours, by how they ended."""
    open: int | None
    """Callback tasks that are open at the end of the period, or now; None: not asked for."""

    @property
    def not_reached(self) -> int:
        """Tried and not reached in the period; a later try may still succeed."""
        return self.tried - self.reached


@dataclass(frozen=True, slots=True)
class Report:
    calls: int
    """Calls that arrived in the period and have ended."""
    answered: int
    open: int
    """Calls that arrived in the period and have not ended: in none of the other figures."""
    rates: tuple[Rate, ...]
    lost_at: dict[str, int]
    wait_queue_answered: Waits
    wait_total_answered: Waits
    wait_total_lost: Waits
    talk: Waits
    callbacks: Callbacks
    messages: int
    """Callers who left a message."""
    kept_places: int
    """Callers who got back a place of an earlier call."""
    agents_lost: int
    """Talks that ended because an agent's line went dead."""
    rungs: tuple[RungOn, ...]
    estimates: tuple[Accuracy, ...]
    """Of the waits that were estimated at queueing: all queues together, then each; none if there were none."""
    ratings: dict[int, int]
    """Key pressed (1 = best) -> how often."""
    estimated: int
    """Records with a moment that was not seen because no daemon was running."""
    incomplete: int
    """Records with missing milestones."""
    contradictory: int
    """Records whose milestones contradict one another; a sound system has none."""

    @staticmethod
    def of(
        records: Sequence[CallRecord],
        *,
        open_calls: int = 0,
        contradictory: int = 0,
        open_tasks: int | None = None,
        rungs: Sequence[RungOn] = (),
        gap: bool = False,
    ) -> Report:
        """`records` may hold callbacks too; they are counted apart. `gap`: nobody saw a part of the period, so no rate
        of it is known."""
        sums = total(roll_up(records))
        calls = incoming(records)
        answered = [r for r in calls if r.answered]
        lost = [r for r in calls if not r.answered]
        return Report(
            calls=len(calls),
            answered=len(answered),
            open=open_calls,
            rates=tuple(
                replace(one, hidden="gap") if gap else one
                for one in (case_rate(code, records) if code in CASES else rate(code, sums) for code in REPORTED)
            ),
            lost_at={place: sums[f"lost_{place}"] for place in LOSS_PLACES},
            wait_queue_answered=Waits.of([r.wait_queue_s for r in answered if r.wait_queue_s is not None]),
            wait_total_answered=Waits.of([r.wait_total_s for r in answered if r.wait_total_s is not None]),
            wait_total_lost=Waits.of([r.wait_total_s for r in lost if r.wait_total_s is not None]),
            talk=Waits.of([r.talk_s for r in answered]),
            callbacks=_callbacks(records, open_tasks),
            messages=sum(r.message_file is not None for r in calls),
            kept_places=sum(r.kept_s > 0 for r in calls),
            agents_lost=sum(r.agent_lost for r in calls),
            rungs=tuple(rungs),
            estimates=tuple(accuracies(outcome for r in calls if (outcome := first_outcome(r)) is not None)),
            ratings=dict(sorted(Counter(r.score for r in calls if r.score is not None).items())),
            estimated=sum(r.estimated for r in calls),
            incomplete=sum(r.missing > 0 for r in calls),
            contradictory=contradictory,
        )

    def rate(self, name: str) -> Rate:
        """KeyError for a name that is not in the report."""
        for one in self.rates:
            if one.name == name:
                return one
        raise KeyError(name)

    def as_json(self) -> dict[str, Any]:
        """Keys and units of `yihu report --json`; shares from 0 to 1, waits in seconds."""
        return {
            "calls": self.calls,
            "answered": self.answered,
            "open": self.open,
            "lost_at": self.lost_at,
            "connection_rate": self.rate("connection_rate").value,
            "rates": {
                rate.name: {
                    "chinese": rate.chinese,
                    "formula": rate.formula,
                    "numerator": rate.numerator,
                    "denominator": rate.denominator,
                    "value": rate.value,
                    "unknown": rate.unknown,
                    "unit": rate.unit,
                }
                for rate in self.rates
            },
            "waits_s": {
                "queue_answered": _waits_json(self.wait_queue_answered),
                "total_answered": _waits_json(self.wait_total_answered),
                "total_lost": _waits_json(self.wait_total_lost),
            },
            "talk_s": _waits_json(self.talk),
            "callbacks": {
                "asked": self.callbacks.asked,
                "tried": self.callbacks.tried,
                "reached": self.callbacks.reached,
                "not_reached": self.callbacks.not_reached,
                "outcomes": self.callbacks.outcomes,
                "open": self.callbacks.open,
            },
            "messages": self.messages,
            "kept_places": self.kept_places,
            "agents_lost": self.agents_lost,
            "rungs": [
                {"rung": r.rung, "since": r.since, "until": None if r.goes_on else r.until, "s": r.seconds, "by": r.by}
                for r in self.rungs
            ],
            "estimates": [accuracy.as_json() for accuracy in self.estimates],
            "ratings": {str(score): count for score, count in self.ratings.items()},
            "estimated": self.estimated,
            "incomplete": self.incomplete,
            "contradictory": self.contradictory,
        }


def _callbacks(records: Sequence[CallRecord], open_tasks: int | None) -> Callbacks:
    success = case_rate("callback_success", records)
    return Callbacks(
        asked=sum(r.callback_requested is not None for r in incoming(records)),
        tried=int(success.denominator),
        reached=int(success.numerator),
        outcomes=dict(sorted(Counter(r.outcome or "failed" for r in records if not r.incoming).items())),
        open=open_tasks,
    )


def _waits_json(waits: Waits) -> dict[str, float | int | None]:
    return {name: getattr(waits, name) for name in ("n", "p50", "p90", "p95", "p99", "max")}
