"""Brings callers to the daemon that decides: Asterisk asks it first, and who is held by one that stands still is freed.

A stopped process takes connections, and it and a machine without power close none: Asterisk would wait for their next
command for ever.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

import structlog

from cti.asterisk import names
from cti.asterisk.ami import AmiError, AmiEvent, AmiRefused
from cti.live_call import Call

log = structlog.get_logger()

_FIRST_S = 5.0
"""So long after the take-over callers may be held of whom nothing is known …"""
_FIRST_EVERY_S, _EVERY_S = 0.3, 1.0
"""… and it is looked more often."""


class Actions(Protocol):
    async def action(self, name: str, *headers: tuple[str, str], timeout_s: float = 2.0) -> Mapping[str, str]: ...


class Lists(Protocol):
    async def list_action(self, name: str, *headers: tuple[str, str], timeout_s: float = 5.0) -> list[AmiEvent]: ...


class Reclaim:
    """`ours`: uniqueids of the channels in sessions of this daemon; `calls`: everything live; `here` and `there`:
    host:port of this daemon and of the other."""

    def __init__(
        self,
        read: Lists,
        act: Actions,
        ours: Callable[[], set[str]],
        calls: Callable[[], Iterable[Call]],
        here: str,
        there: str,
    ) -> None:
        self._read, self._act = read, act
        self._ours, self._calls = ours, calls
        self._addresses = {names.CTI_AGI_FIRST: here, names.CTI_AGI_SECOND: there}

    async def be_first(self) -> None:
        """After each connection to Asterisk, whose own configuration says who is asked first until we do. AmiError."""
        for name, address in self._addresses.items():
            await self._act.action("Setvar", ("Variable", name), ("Value", address))

    async def run(self) -> None:
        """From a take-over on, until cancelled."""
        clock = asyncio.get_running_loop().time
        first_until = clock() + _FIRST_S
        seen: frozenset[str] = frozenset()
        while True:
            first = clock() < first_until
            await asyncio.sleep(_FIRST_EVERY_S if first else _EVERY_S)
            if not first and all(call.attached for call in self._calls()):
                seen = frozenset()
                continue
            try:
                seen = await self._look(seen)
            except AmiError as error:
                log.info("reclaim_postponed", problem=str(error))
                seen, first_until = frozenset(), max(first_until, clock() + _EVERY_S)

    async def _look(self, seen: frozenset[str]) -> frozenset[str]:
        """Takes out who was held elsewhere the last time (`seen`) and still is; returns who is now.

        A caller on his way to us is held by nobody for a moment, or by us a moment later.
        """
        listed = await self._read.list_action("CoreShowChannels")
        ours = self._ours()
        held = [event.fields for event in listed if _waits_for_a_daemon(event.fields)]
        elsewhere = {fields["Uniqueid"]: fields for fields in held if fields["Uniqueid"] not in ours}
        if elsewhere.keys() & seen:
            await self.be_first()  # its dialplan may have been read anew since
        for uniqueid in elsewhere.keys() & seen:
            fields = elsewhere[uniqueid]
            log.warning("caller_reclaimed", call_id=uniqueid)
            with contextlib.suppress(AmiRefused):  # it has ended meanwhile
                await self._act.action(
                    "Redirect",
                    ("Channel", fields["Channel"]),
                    ("Context", fields["Context"]),
                    ("Exten", "s"),
                    ("Priority", names.LABEL_LOST),
                )
        return frozenset(elsewhere)


def _waits_for_a_daemon(fields: Mapping[str, str]) -> bool:
    """In AGI itself, not in what it carries out there: who rings or talks is left alone until that is over."""
    return (
        fields.get("Context") == names.CONTEXT_CITIZEN
        and fields.get("Exten", "") == "s"
        and fields.get("Application") == "AGI"
        and bool(fields.get("Uniqueid") and fields.get("Channel"))
    )
