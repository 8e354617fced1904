"""A telephone that we have Asterisk call: how it is asked for, and why nobody answered.

`OriginateResponse` and the `Hangup` of the channel come in either order, and mostly one of them alone knows why.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final, Protocol

from cti.asterisk.ami import AmiEvent

UP: Final = 6
"""Asterisk's state of a channel that was answered."""
_SETTLES_S: Final = 1.0
"""So long after the one event the other may come."""
_CAUSES: Final = {"17": "busy", "21": "busy", "18": "no_answer", "19": "no_answer"}
"""Of a hang-up (Q.850): busy, rejected; no user responding, no answer."""
_REASONS: Final = {"1": "no_answer", "3": "no_answer", "5": "busy"}
"""Of a failed Originate."""


class Actions(Protocol):
    async def action(self, name: str, *headers: tuple[str, str], timeout_s: float = 2.0) -> Mapping[str, str]: ...


class Leg:
    """`uniqueid` is ours to choose, so that its channel can be known again. Give it the events of that channel."""

    def __init__(self, uniqueid: str) -> None:
        self.uniqueid = uniqueid
        self.outcome: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """busy, no_answer or failed, as soon as it is known. Of a call that was answered, what `settle` was told."""

    async def ring(
        self,
        act: Actions,
        channel: str,
        context: str,
        caller_id: str,
        ring_s: float,
        *variables: str,
        exten: str = "s",
    ) -> None:
        """Asks for the call; who answers is in `exten` of `context`. AmiError: not known whether it was done."""
        await act.action(
            "Originate",
            ("Channel", channel),
            ("Context", context),
            ("Exten", exten),
            ("Priority", "1"),
            ("Timeout", str(round(ring_s * 1000))),
            ("CallerID", caller_id),
            *(("Variable", variable) for variable in variables),
            ("ChannelId", self.uniqueid),
            ("Async", "true"),
        )

    def on_event(self, event: AmiEvent) -> None:
        fields = event.fields
        if event.name == "OriginateResponse" and fields.get("Response") == "Failure":
            if (reason := _REASONS.get(fields.get("Reason", ""))) is not None:
                self.settle(reason)
            else:
                asyncio.get_running_loop().call_later(_SETTLES_S, self.settle, "failed")
        elif (
            event.name == "Hangup"
            and fields.get("ChannelState") != str(UP)
            and (cause := _CAUSES.get(fields.get("Cause", ""))) is not None
        ):
            self.settle(cause)

    def settle(self, outcome: str) -> None:
        if not self.outcome.done():
            self.outcome.set_result(outcome)
