"""Alerts leave by webhook once they are on record: again and again at growing intervals until the receiver answers 2xx.

Messages of one alert come in their order. They wait in memory; what was taken is on record, so that after a restart
nothing is told twice, and the newest of an alert that was not taken is told. Only if a daemon dies between the answer
and the record of it does a message come again, with the same id, by which a receiver knows that it has it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import aiohttp
import orjson
import structlog

from cti.alerts.model import Fact, What, fact_of
from cti.alerts.rules import AlertRules
from cti.alerts.shown import Voices, message, message_id
from cti.calls import CityFact, Milestone
from cti.webhook import Webhook, session

log = structlog.get_logger()

_LOOK_S: Final = 0.5
_AT_ONCE: Final = 20
_FIRST_S, _MOST_S = 5.0, 600.0
_GIVE_UP_S: Final = 86_400.0
_RECALL_S: Final = 3600.0
"""What is still up after so long is told by its next reminder."""


@dataclass(slots=True)
class _Left:
    """A message that the receiver does not have yet."""

    what: What
    id: str
    at: float
    body: bytes
    next_at: float
    attempts: int = 0


class AlertOutbox:
    """`run` it, and feed `heard` with durable milestones; `recall` once with those of before the start."""

    def __init__(
        self,
        webhook: Webhook,
        city: str,
        rules: Callable[[], AlertRules],
        voices: Callable[[], Voices],
        wall: Callable[[], float],
        told: Callable[[str, str], None],
    ) -> None:
        """`told`: alert and id of a message that was taken."""
        self._webhook = webhook
        self._city = city
        self._rules = rules
        self._voices = voices
        self._wall = wall
        self._told = told
        self._left: dict[str, deque[_Left]] = {}
        """By alert, the oldest first."""

    def heard(self, batch: Iterable[Milestone]) -> None:
        for milestone in batch:
            if milestone.kind == CityFact.ALERT:
                try:
                    fact = fact_of(milestone)
                except ValueError:
                    continue  # of another release, which told of it
                if "webhook" in self._rules().of(fact.alert.kind).tell:
                    self._add(fact)

    def recall(self, milestones: Iterable[Milestone]) -> None:
        """The newest milestones of each alert, from before this process: what was taken, or is long over, is not."""
        since = self._wall() - _RECALL_S
        found = list(milestones)
        told = {str(milestone.data.get("message")) for milestone in found if milestone.kind == CityFact.ALERT_TOLD}
        for milestone in found:
            if milestone.kind == CityFact.ALERT and milestone.at >= since:
                with contextlib.suppress(ValueError):
                    if message_id(fact_of(milestone)) not in told:
                        self.heard([milestone])

    async def run(self) -> None:
        """Until cancelled."""
        async with session() as http:
            while True:
                await asyncio.sleep(_LOOK_S)
                now = self._wall()
                due = [alert for alert, left in self._left.items() if left[0].next_at <= now]
                await asyncio.gather(*(self._bring(http, alert) for alert in due[:_AT_ONCE]))

    def _add(self, fact: Fact) -> None:
        left = self._left.setdefault(fact.alert.id, deque())
        if fact.what is What.REMINDED and left and left[-1].what is What.REMINDED and not left[-1].attempts:
            left.pop()  # one reminder is enough for who was away
        body = orjson.dumps(message(fact, self._city, self._rules(), self._voices()))
        left.append(_Left(fact.what, message_id(fact), fact.at, body, self._wall()))

    async def _bring(self, http: aiohttp.ClientSession, alert: str) -> None:
        """The oldest message of this alert."""
        left = self._left[alert]
        first, now = left[0], self._wall()
        first.attempts += 1
        problem = await self._webhook.post(http, first.id, now, first.body)
        if problem and now - first.at < _GIVE_UP_S:
            wait_s = min(_FIRST_S * 2.0 ** (first.attempts - 1), _MOST_S)
            first.next_at = now + wait_s
            log.warning("alert_not_delivered", alert=alert, problem=problem, again_s=wait_s)
            return
        if problem:
            log.error("alert_given_up", alert=alert, what=first.what, problem=problem)
        else:
            self._told(alert, first.id)
        left.popleft()
        if not left:
            del self._left[alert]
