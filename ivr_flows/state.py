"""The state of a call in a flow, and the table of what each state waits for. `session.py` moves it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from ivr_flows import model as m
from ivr_flows.calendar import DayKind
from ivr_flows.words import Event, Gathered, Heard, MessageTaken, Played, RouteEnded, TransferEnded


class Phase(StrEnum):
    """What the last command of a session waits for."""

    PLAYING = "playing"
    GATHERING = "gathering"
    LISTENING = "listening"
    ROUTING = "routing"
    RECORDING = "recording"
    TRANSFERRING = "transferring"
    RATING = "rating"
    CLOSING = "closing"
    """HangUp was said; only the hang-up itself can follow."""
    ENDED = "ended"


AWAITS: Mapping[Phase, type[Event] | None] = {
    Phase.PLAYING: Played,
    Phase.GATHERING: Gathered,
    Phase.LISTENING: Heard,
    Phase.ROUTING: RouteEnded,
    Phase.RECORDING: MessageTaken,
    Phase.TRANSFERRING: TransferEnded,
    Phase.RATING: Gathered,
    Phase.CLOSING: None,
    Phase.ENDED: None,
}
"""The one event each phase takes. CallerLeft is taken by all but ENDED."""

By = Literal["no_menu", "key", "silence", "errors", "said"]


@dataclass(frozen=True, slots=True)
class Session:
    """Where a call is. Times and the kind of day are those of its beginning: it is treated alike to its end."""

    flow: str
    version: str
    dialled: str
    mode: Literal["merged", "dual", "subcentre"]
    at: datetime
    day: DayKind
    language: str
    scale: int
    """Of the survey."""
    announcements: tuple[str, ...] = ()
    """Announcements that were switched on."""
    short: bool = False
    """Very many were calling: prompts are the short ones."""
    node: str = ""
    phase: Phase = Phase.PLAYING
    menu_entered: bool = False
    by: By = "no_menu"
    """How the caller left the last node that asked him."""
    route: str = ""
    """The route his wish for a person leads to; "" before he wished for one."""
    served: bool = False
    """An agent or another service has talked to him, or he chose a callback, or left a message."""
    steps: int = 0
    asked: bool = False
    """What he calls about, while he waits. Not kept over a restart: it is in the call's milestones."""
    errors: int = 0
    repeats: int = 0
    keys: str = field(default="", repr=False)
    """Pressed during an earlier prompt, for the next node that asks. Not kept over a restart."""
    digits: str = field(default="", repr=False)
    """The last input of a gather node. Not kept over a restart: it is personal data."""

    @property
    def human_asked(self) -> bool:
        return self.route != ""


PHASE_OF: Mapping[type[m.Node], Phase] = {
    m.Menu: Phase.GATHERING,
    m.Gather: Phase.GATHERING,
    m.Listen: Phase.LISTENING,
    m.Route: Phase.ROUTING,
    m.Message: Phase.RECORDING,
    m.Survey: Phase.RATING,
    m.Transfer: Phase.TRANSFERRING,
}
"""The wait that a node is about; the others play."""
