"""Everything about alerts in a running daemon, as one part of it: watched, on record, on pages, out by webhook."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from cti.alert_outbox import AlertOutbox
from cti.alert_watch import AlertWatch, Sources
from cti.alerts.rules import AlertRules
from cti.alerts.shown import Voices
from cti.asterisk.ami import Ami
from cti.calls import CityFact, Milestone
from cti.city_files import CityFiles
from cti.exchange import Exchange
from cti.live_figures import LiveFigures
from cti.settings import Settings
from cti.storage.drain import Drainer
from cti.webhook import Webhook

VARIABLE: Final = "YIHU_ALERT_WEBHOOK_SECRET"
TOPIC: Final = "alerts"


class AlertHouse:
    """Give it each batch of durable milestones (`heard`), and rules that have changed (`take`)."""

    def __init__(
        self,
        exchange: Exchange,
        settings: Settings,
        files: CityFiles,
        figures: LiveFigures,
        drainer: Drainer,
        observe: Ami,
        health: Callable[[], Mapping[str, Any]],
        publish: Callable[[str, Mapping[str, Mapping[str, Any]]], None],
    ) -> None:
        """`publish`: a topic of the pages' channel and its state. SettingsError for a webhook without its secret."""
        self._exchange = exchange
        self._rules = files.rules.current.alerts
        self._publish = publish
        zone = ZoneInfo(settings.city.timezone)

        def voices() -> Voices:
            return Voices(zone, files.skills.current.names())

        def today() -> tuple[int, int] | None:
            ended = figures.today()
            return None if ended is None else (ended.answered, ended.count)

        def ages() -> dict[str, float]:
            # A database that is slow is late; Asterisk answers a ping each second.
            return {"asterisk": max(0.0, time.monotonic() - observe.last_seen), "records": drainer.behind_s}

        self._watch = AlertWatch(exchange, self._rules, Sources(today, ages, health), voices)
        self._outbox: AlertOutbox | None = None
        if address := settings.alerts.webhook:
            hook = Webhook(address, os.environ.get(VARIABLE, ""), "alerts.webhook", VARIABLE)
            self._outbox = AlertOutbox(
                hook, settings.city.code, lambda: self._rules, voices, exchange.wall, self._note_told
            )
            self._outbox.recall(sorted(exchange.board.city.values(), key=lambda milestone: milestone.at))

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch.run(self._show))
            if self._outbox is not None:
                group.create_task(self._outbox.run())

    def take(self, rules: AlertRules) -> None:
        self._rules = rules
        self._watch.take(rules)

    def heard(self, batch: Sequence[Milestone]) -> None:
        self._watch.heard(batch)
        if self._outbox is not None:
            self._outbox.heard(batch)
        if any(milestone.kind == CityFact.ALERT for milestone in batch):
            self._show()

    def rows(self) -> list[dict[str, Any]]:
        """What is up, the newest first."""
        return self._watch.view()

    def acknowledge(self, id_: str, by: str, note: str) -> None:
        """KeyError: no such alert is up."""
        self._watch.acknowledge(id_, by, note)

    def counts(self) -> Counter[tuple[str, str, bool]]:
        """How many are up, by kind, severity, and whether somebody has acknowledged them."""
        return Counter(
            (alert.kind.value, alert.severity.value, alert.acknowledged_at is not None) for alert in self._watch.up
        )

    def _show(self) -> None:
        self._publish(TOPIC, {TOPIC: {row["id"]: row for row in self.rows()}})

    def _note_told(self, alert: str, message: str) -> None:
        self._exchange.city(CityFact.ALERT_TOLD, alert, {"message": message})
