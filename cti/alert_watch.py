"""Alerts at work: every few seconds the city is read, and what is raised, worse or cleared goes to its record.

Pages and the webhook learn of it from the record, like everything else; nobody is told what could still be lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog

from cti.alerts import readings
from cti.alerts.ledger import Alerts
from cti.alerts.model import Alert, Fact
from cti.alerts.recent_recordings import RecentRecordings
from cti.alerts.rules import AlertRules
from cti.alerts.shown import Voices, as_json
from cti.calls import CityFact, Milestone
from cti.exchange import Exchange

log = structlog.get_logger()

_EVERY_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Sources:
    """What the watch sees by, beside the live picture."""

    today: Callable[[], tuple[int, int] | None]
    """Answered, and all, of the citizens' calls of today that have ended; None: not known yet."""
    ages: Callable[[], Mapping[str, float]]
    """Source of data -> seconds since its last news."""
    health: Callable[[], Mapping[str, Any]]
    """As /api/health says it."""


class AlertWatch:
    """`run` it, and feed `heard` with durable milestones."""

    def __init__(self, exchange: Exchange, rules: AlertRules, sources: Sources, voices: Callable[[], Voices]) -> None:
        self._exchange = exchange
        self._rules = rules
        self._sources = sources
        self._voices = voices
        self._recordings = RecentRecordings()
        self._alerts = Alerts(rules)
        self._alerts.restore(sorted(exchange.board.city.values(), key=lambda fact: fact.at))

    def take(self, rules: AlertRules) -> None:
        """Other bounds, times and audiences from now on."""
        self._rules = rules
        self._alerts.take(rules)

    def heard(self, batch: Iterable[Milestone]) -> None:
        self._recordings.heard(batch)

    async def run(self, show: Callable[[], None]) -> None:
        """Until cancelled. `show` is called before each look: what the last one has found is on record by then."""
        while True:
            show()
            await asyncio.sleep(_EVERY_S)
            self.look()

    def look(self) -> None:
        """One reading of everything, and what follows from it."""
        board, now = self._exchange.board, self._exchange.wall()
        for reading in (
            readings.connection_rate(self._sources.today()),
            readings.longest_waits(board.calls.values(), now),
            readings.ghosts(board.desks.values(), now),
            readings.recordings(*self._recordings.count(now, self._rules.recording.window_s)),
            readings.ages(self._sources.ages()),
            readings.parts(self._sources.health()),
        ):
            self._note(self._alerts.hear(reading, now))

    def acknowledge(self, id_: str, by: str, note: str = "") -> None:
        """A person sees to it. KeyError: no such alert is up."""
        self._note(self._alerts.acknowledge(id_, by, self._exchange.wall(), note))

    @property
    def up(self) -> list[Alert]:
        """The newest first."""
        return self._alerts.up

    def view(self) -> list[dict[str, Any]]:
        """What is up, the newest first, as pages show it."""
        voices = self._voices()
        return [as_json(alert, self._rules, voices) for alert in self._alerts.up]

    def _note(self, facts: Iterable[Fact]) -> None:
        for fact in facts:
            self._exchange.city(CityFact.ALERT, fact.alert.id, fact.data())
            log.info("alert", alert=fact.alert.id, what=fact.what, severity=fact.alert.severity, why=fact.why)
