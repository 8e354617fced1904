"""AMI client: observes Asterisk by events and acts by actions, over one connection that is kept up and watched.

panoramisk connects and logs in; the protocol behind it is ours (its hook `protocol_factory`), because its own repeats
actions after a reconnect, has no time limits, believes every event and ends the connection when a handler fails.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Literal, get_args

import structlog

from cti.asterisk.ami_codec import (
    AmiBadValue,
    AmiBroken,
    AmiDown,
    AmiError,
    AmiEvent,
    AmiRefused,
    AmiTimeout,
)
from cti.asterisk.ami_link import Link, Lost, QuietManager
from cti.asterisk.fault import fault
from cti.spread import Spread

__all__ = [
    "Ami",
    "AmiBadValue",
    "AmiBroken",
    "AmiDown",
    "AmiError",
    "AmiEvent",
    "AmiRefused",
    "AmiTimeout",
]

log = structlog.get_logger()

CONNECT_S: Final = 3.0
LOGIN_S: Final = 5.0
PING_EVERY_S: Final = 1.0
PING_WAIT_S: Final = 0.9
"""Two pings missed in a row end the connection: at most 1 + 0.9 + 0.9 s after the peer fell silent."""
BACK_OFF_LEAST_S: Final = 0.1
BACK_OFF_MOST_S: Final = 2.0
LASTING_S: Final = 3.0
"""A connection that was in use for this long is made anew at once; a shorter one counts as a failure."""
REFUSED_BACK_OFF_S: Final = 10.0
"""Asterisk answers a wrong password slowly on purpose, and repeating it does not make it right."""
RESYNC_EVERY_S: Final = 1.0
"""Refused events ask for a resync; hostile ones shall not make us do nothing else."""
REFUSAL_TOLD_EVERY_S: Final = 1.0
HELD_LIMIT: Final = 5_000
"""Events kept while `on_up` reads the state; if there are more, it is read again."""
DELIVER_AT_ONCE: Final = 200
REPLY_BOUNDS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0)

Asked = Literal["action", "list", "ping"]


class Ami:
    """One user's connection to Asterisk's manager interface.

    `on_event` is called for each event, in order, and must not block. `on_up` is awaited after each log-in, and again
    when events may have been missed or one was refused: it reads the state (`cti/asterisk/snapshot.py`), and events
    that arrive meanwhile are delivered after it. `on_down` is told why a connection that was up ended, and that the
    log-in is refused. `nonce` gives the `systemname` of the running Asterisk, asked for before each connection; "":
    none is set, then forged events cannot be told from real ones. `may_act` is asked before each action.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        username: str,
        secret: str,
        nonce: Callable[[], str],
        on_event: Callable[[AmiEvent], None],
        on_up: Callable[[], Awaitable[None]] | None = None,
        on_down: Callable[[str], None] | None = None,
        may_act: Callable[[], bool] = lambda: True,
        rng: random.Random,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.connected = False
        """Logged in: actions can be sent."""
        self.synced = False
        """`on_up` is through and the events that came meanwhile are delivered."""
        self.login_refused = False
        self.latency_ms: float | None = None
        """Of the last ping answered."""
        self.last_seen = monotonic()
        """When Asterisk last sent anything."""
        self.replies: Mapping[Asked, Spread] = {asked: Spread(REPLY_BOUNDS_S) for asked in get_args(Asked)}
        """How long Asterisk took to answer; a refusal is an answer too."""
        self.timeouts = 0
        """Not answered in time."""
        self.connections = 0
        self.events = 0
        """Believed, of those that are no answer."""
        self.refused_events = 0
        self.handler_errors = 0
        self._host, self._port, self._username, self._secret = host, port, username, secret
        self._nonce, self._on_event, self._on_up, self._on_down = nonce, on_event, on_up, on_down
        self._may_act, self._rng, self._monotonic = may_act, rng, monotonic
        self._link: Link | None = None
        self._held: deque[AmiEvent] = deque()
        self._overflowed = False
        self._synced_at: float | None = None
        self._refusal_told_at = float("-inf")
        self._resync = asyncio.Event()
        self._booted_at: float | None = None

    async def run(self) -> None:
        """Keeps the connection up until cancelled; leaves no connection, task or timer behind."""
        failures = 0
        while True:
            reason = await self._one_connection()
            lasted = self._synced_at is not None and self._monotonic() - self._synced_at >= LASTING_S
            failures = 0 if lasted else failures + 1
            if self.login_refused:
                delay_s = REFUSED_BACK_OFF_S
            elif failures == 0:
                delay_s = 0.0
            else:
                delay_s = min(BACK_OFF_MOST_S, BACK_OFF_LEAST_S * 2.0 ** min(failures - 1, 10))
                delay_s *= self._rng.uniform(0.5, 1.0)
            log.info("ami_reconnecting", user=self._username, reason=reason, delay_s=round(delay_s, 3))
            await asyncio.sleep(delay_s)

    async def action(self, name: str, *headers: tuple[str, str], timeout_s: float = 2.0) -> Mapping[str, str]:
        """Sends one action, once; returns the headers of its reply. AmiBadValue, AmiDown, AmiTimeout or AmiRefused."""
        if not self._may_act():
            raise AmiDown("another daemon decides for this city")
        reply, _ = await self._ask(self._up(), "action", name, headers, timeout_s)
        return reply

    async def list_action(self, name: str, *headers: tuple[str, str], timeout_s: float = 5.0) -> list[AmiEvent]:
        """Sends an action that is answered by a list; returns its items when the list is complete."""
        _, items = await self._ask(self._up(), "list", name, headers, timeout_s)
        return items

    @property
    def up_for_s(self) -> float | None:
        """How long the Asterisk that we are connected to has been running, to the second; None: it did not say."""
        return None if self._booted_at is None else self._monotonic() - self._booted_at

    def resync(self) -> None:
        """Asks for `on_up` to be run again soon, as after a refused event; at most once a second."""
        self._resync.set()

    async def _ask(
        self, link: Link, asked: Asked, name: str, headers: tuple[tuple[str, str], ...], timeout_s: float
    ) -> tuple[Mapping[str, str], list[AmiEvent]]:
        sent = self._monotonic()
        try:
            answer = await link.request(name, headers, timeout_s, as_list=asked == "list")
        except AmiTimeout:
            self.timeouts += 1
            raise
        except AmiRefused:
            self.replies[asked].add(self._monotonic() - sent)
            raise
        self.replies[asked].add(self._monotonic() - sent)
        return answer

    def _up(self) -> Link:
        if self._link is None:
            raise AmiDown("Asterisk's manager interface is not connected")
        return self._link

    async def _one_connection(self) -> str:
        """Connects, logs in, serves until the connection is lost; returns why it ended."""
        link = Link(self._nonce(), self._receive, self._refused, self._seen)
        manager = QuietManager(
            host=self._host,
            port=self._port,
            username=self._username,
            secret=self._secret,
            protocol_factory=lambda: link,
        )
        reason = ""
        self._synced_at = self._booted_at = None
        try:
            await self._log_in(manager, link)
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(link.watch())
                    tasks.create_task(self._ping(link))
                    tasks.create_task(self._keep_synced())
            except* Lost as group:
                reason = str(group.exceptions[0])
            except* AmiError as group:
                reason = reason or f"resync failed: {group.exceptions[0]}"
            except* Exception as group:  # noqa: BLE001 (a fault of ours in on_up: reading the state anew repairs it)
                reason = "resync failed"
                log.error("ami_resync_failed", user=self._username, **fault(group.exceptions[0]))
        except (OSError, TimeoutError, AmiError) as error:
            reason = f"{type(error).__name__}: {error}"
        finally:
            was_up, self._link = self.connected, None
            self.connected = self.synced = False
            self.latency_ms = None
            self._held.clear()
            manager.give_up()
            link.abort(reason or "asked to stop")
            if self._on_down is not None and was_up:
                self._on_down(reason or "asked to stop")
        return reason

    async def _log_in(self, manager: QuietManager, link: Link) -> None:
        async with asyncio.timeout(CONNECT_S):
            await manager.connect()
        async with asyncio.timeout(LOGIN_S):
            reply = await manager.authenticated_future
            if not reply.success:
                if not self.login_refused:
                    self.login_refused = True
                    log.error("ami_login_refused", user=self._username, host=self._host, port=self._port)
                    if self._on_down is not None:
                        self._on_down("login refused")
                raise AmiRefused("Login", "wrong user name or secret")
        # A booted Asterisk writes FullyBooted (to users who may read `system`) before it reads on, so before this
        # reply. If it is still starting, FullyBooted comes later as an event, and the state is read again then.
        await link.request("Ping", (), LOGIN_S)
        link.logged_in()
        self.login_refused = False
        self.connections += 1
        self._link, self.connected = link, True
        log.info("ami_up", user=self._username, version=link.version, connection=self.connections)

    async def _ping(self, link: Link) -> None:
        missed = 0
        while True:
            sent = self._monotonic()
            try:
                await self._ask(link, "ping", "Ping", (), PING_WAIT_S)
            except AmiTimeout:
                missed += 1
                if missed == 2:
                    link.abort("two pings unanswered")
                    return
                continue
            except AmiDown:
                return
            missed = 0
            self.latency_ms = (self._monotonic() - sent) * 1000
            await asyncio.sleep(max(0.0, sent + PING_EVERY_S - self._monotonic()))

    async def _keep_synced(self) -> None:
        while True:
            self._resync.clear()
            self._overflowed = False
            began = self._monotonic()
            if self._on_up is not None:
                await self._on_up()
            if self._overflowed:
                log.warning("ami_events_overflowed", user=self._username, limit=HELD_LIMIT)
                continue
            while self._held:
                for _ in range(min(DELIVER_AT_ONCE, len(self._held))):
                    self._deliver(self._held.popleft())
                await asyncio.sleep(0)
            self.synced = True
            if self._synced_at is None:
                self._synced_at = self._monotonic()
            await self._resync.wait()
            await asyncio.sleep(max(0.0, began + RESYNC_EVERY_S - self._monotonic()))
            self.synced = False

    def _receive(self, event: AmiEvent) -> None:
        self.events += 1
        if event.name == "FullyBooted":
            up_s = event.fields.get("Uptime", "")
            self._booted_at = self._monotonic() - int(up_s) if up_s.isdecimal() else None
            if not self.connected:
                return  # written to us alone, as part of the log-in
            self.resync()
        if self.synced:
            self._deliver(event)
        elif len(self._held) < HELD_LIMIT:
            self._held.append(event)
        else:
            self._held.clear()
            self._overflowed = True

    def _deliver(self, event: AmiEvent) -> None:
        try:
            self._on_event(event)
        except Exception as error:  # noqa: BLE001 (the connection must live on; counted, logged and shown)
            self.handler_errors += 1
            log.error("ami_handler_failed", user=self._username, name=event.name, **fault(error))

    def _refused(self, reason: str, in_list: bool) -> None:
        self.refused_events += 1
        if self._monotonic() >= self._refusal_told_at + REFUSAL_TOLD_EVERY_S:
            self._refusal_told_at = self._monotonic()
            log.warning("ami_message_refused", user=self._username, reason=reason, total=self.refused_events)
        if not in_list:  # reading the list again would refuse the same item again
            self.resync()

    def _seen(self) -> None:
        self.last_seen = self._monotonic()
