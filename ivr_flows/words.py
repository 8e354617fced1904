"""What a flow hears (events) and what it asks for (commands). A flow never does anything itself.

`step(session, event)` returns commands to be carried out in order. Only the last one waits for something, and its
outcome is the next event; the ones before it (`Mark`, `SetLanguage`) are done at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from cti.calls import Need, Value


@dataclass(frozen=True, slots=True)
class Started:
    """The call was answered by the system. `at` is local time of the city, with its zone."""

    dialled: str
    mode: Literal["merged", "dual", "subcentre"]
    at: datetime


@dataclass(frozen=True, slots=True)
class Played:
    """A `Play` came to its end, or was cut short by a key among its `barge_in` (then `digit` is that key)."""

    digit: str | None = None


@dataclass(frozen=True, slots=True)
class Gathered:
    """Keys of a `Gather`, without the terminator; "" is silence. `complete`: ended by count or terminator, not time."""

    digits: str
    complete: bool


@dataclass(frozen=True, slots=True)
class Heard:
    """What speech recognition made of a `Listen`; None: nothing, or no recogniser. `digit`: a key was pressed."""

    text: str | None
    confidence: float = 0.0
    digit: str | None = None


@dataclass(frozen=True, slots=True)
class RouteEnded:
    """A `Route` is over and the caller is still on the line."""

    outcome: Literal["talked", "left_by_key", "gave_up"]
    """talked: an agent answered and has hung up; left_by_key: the caller pressed a `leave_keys` key;
    gave_up: `max_wait_s` passed without an answer"""
    digit: str | None = None


@dataclass(frozen=True, slots=True)
class TransferEnded:
    """A `Transfer` is over and the caller is still on the line."""

    connected: bool


@dataclass(frozen=True, slots=True)
class CallerLeft:
    """The caller hung up: the session is finished whatever the state."""


Event = Started | Played | Gathered | Heard | RouteEnded | TransferEnded | CallerLeft


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt by its id in the catalogue, or something to be spoken from values: `say` names how.

    say=None: the recording `id`. say="number": `value` as a number; say="digits": figure by figure;
    say="minutes": `value` minutes as a phrase; say="position": the place in the queue as a phrase.
    """

    id: str = ""
    say: Literal["number", "digits", "minutes", "position"] | None = None
    value: int | str | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """Write a milestone (`cti.calls.CallFact` value) into the call's timeline."""

    kind: str
    data: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SetLanguage:
    """From here on prompts are in this language ("zh-CN", "en", "yue")."""

    language: str


@dataclass(frozen=True, slots=True)
class Play:
    """-> Played"""

    prompts: tuple[Prompt, ...]
    barge_in: str = ""
    """Keys that cut it short, each once: "0123456789*#"."""


@dataclass(frozen=True, slots=True)
class Gather:
    """-> Gathered. Prompts are cut by the first key; that key counts."""

    prompts: tuple[Prompt, ...]
    max_digits: int
    first_s: float
    """Silence allowed before the first key, counted from the end of the prompts."""
    between_s: float
    terminator: str = "#"
    """A key that ends the input and is not part of it; "": none."""
    already: str = ""
    """Keys pressed during an earlier prompt, which count as the first of this input."""


@dataclass(frozen=True, slots=True)
class Listen:
    """-> Heard. Without a recogniser the outcome is `Heard(None)` at once, before the prompts are played."""

    prompts: tuple[Prompt, ...]
    max_s: float
    phrases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """-> RouteEnded. The caller waits with music until an agent talks to him."""

    need: Need
    announce_position_every_s: float | None = None
    max_wait_s: float | None = None
    leave_keys: str = ""


@dataclass(frozen=True, slots=True)
class Survey:
    """-> Gathered. One key from 1 (best) to `scale`; the daemon writes survey_offered and rated."""

    prompts: tuple[Prompt, ...]
    scale: int
    first_s: float


@dataclass(frozen=True, slots=True)
class Transfer:
    """-> TransferEnded. `target` is a name in the settings' table of allowed targets ("110", "119", "120", "122")."""

    target: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """The end. The daemon hangs up; no event follows but CallerLeft."""

    reason: str = "flow"


Command = Mark | SetLanguage | Play | Gather | Listen | Route | Survey | Transfer | HangUp
