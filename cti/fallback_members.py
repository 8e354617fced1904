"""The members of Asterisk's own fallback queue: those agents who would answer now if we were gone.

Compared with Asterisk's list instead of remembered, so that a restart of either side cannot leave a difference.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

import structlog

from agents.status import Desk, Status
from cti.asterisk import names
from cti.asterisk.ami import AmiError, AmiEvent

log = structlog.get_logger()


class Ami(Protocol):
    async def action(self, name: str, *headers: tuple[str, str], timeout_s: float = 2.0) -> Mapping[str, str]: ...
    async def list_action(self, name: str, *headers: tuple[str, str], timeout_s: float = 5.0) -> list[AmiEvent]: ...


class FallbackMembers:
    """`request` after any change of an agent, and with `forget` after each AMI connection."""

    def __init__(self, read: Ami, act: Ami, desks: Callable[[], list[Desk]]) -> None:
        self._read = read
        self._act = act
        self._desks = desks
        self._wanted = asyncio.Event()
        self._agreed: dict[str, bool] | None = None
        """What Asterisk had when it was last compared; None: it may have anything."""

    def request(self, *, forget: bool = False) -> None:
        """`forget`: Asterisk's list may have changed without us, so it is read even if ours has not."""
        if forget:
            self._agreed = None
        self._wanted.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            try:
                await self.compare()
            except AmiError as error:
                self._agreed = None
                log.info("fallback_members_postponed", problem=str(error))
                await asyncio.sleep(0.5)
                self._wanted.set()

    async def compare(self) -> None:
        """One round: who is logged in is a member; who is not ready is a paused one."""
        wanted = {f"PJSIP/{desk.agent.id}": desk.status is not Status.READY for desk in self._desks()}
        if wanted == self._agreed:
            return  # three hundred members take milliseconds to list, and agents have facts by the second
        self._agreed = wanted  # a `forget` from now on is about what is listed here
        listed = await self._read.list_action("QueueStatus", ("Queue", names.FALLBACK_QUEUE))
        present = {
            event.fields.get("Location", event.fields.get("Interface", "")): event.fields.get("Paused") == "1"
            for event in listed
            if event.name == "QueueMember"
        }
        queue = ("Queue", names.FALLBACK_QUEUE)
        for interface in present.keys() - wanted.keys():
            await self._act.action("QueueRemove", queue, ("Interface", interface))
        for interface, paused in wanted.items():
            flag = ("Paused", "true" if paused else "false")
            if interface not in present:
                await self._act.action("QueueAdd", queue, ("Interface", interface), flag)
            elif present[interface] != paused:
                await self._act.action("QueuePause", queue, ("Interface", interface), flag)
