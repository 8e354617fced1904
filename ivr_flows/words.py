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
    short: bool = False
    """Very many are calling: prompts that can be shortened are, for the whole of this call."""


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
    """What speech recognition made of a `Listen`; None: nothing, or no recogniser. `digit`: a key was pressed.

    `confidence`: of the words on average, 0 to 1.
    """

    text: str | None = field(repr=False)
    confidence: float = 0.0
    digit: str | None = None
    matter: str = ""
    """What the classifier takes it for; "": it was not asked, or is not sure …"""
    sure: float = 0.0
    """… and how sure it is, 0 to 1."""
    cut_off: bool = False
    """He hung up before he had said it all."""


@dataclass(frozen=True, slots=True)
class RouteEnded:
    """A `Route` is over and the caller is still on the line."""

    outcome: Literal["talked", "left_by_key", "gave_up", "callback", "no_seat", "said"]
    """talked: an agent answered and has hung up; left_by_key: the caller pressed a `leave_keys` key;
    gave_up: `max_wait_s` passed without an answer; callback: he pressed `callback_key`, and the call that keeps his
    place is arranged; no_seat: nobody who could ever take him is logged in (only where the route has `no_seat`);
    said: he was asked what he calls about, and said `heard`; he is in the queue, and the next `Route` goes on with it
    or takes him to another one with the place he has"""
    digit: str | None = None
    heard: Heard | None = None


@dataclass(frozen=True, slots=True)
class MessageTaken:
    """A `RecordMessage` is over and the caller is still on the line. `seconds` of his words; 0: he said nothing.

    `digit`: a key of `leave_keys` ended it, and nothing of it is kept.
    """

    seconds: float
    digit: str | None = None


@dataclass(frozen=True, slots=True)
class TransferEnded:
    """A `Transfer` is over and the caller is still on the line."""

    connected: bool


@dataclass(frozen=True, slots=True)
class CallerLeft:
    """The caller hung up: the session is finished whatever the state."""


Event = Started | Played | Gathered | Heard | RouteEnded | MessageTaken | TransferEnded | CallerLeft


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt by its id in the catalogue, or something to be spoken from values: `say` names how.

    say=None: the recording `id`. say="number": `value` as a number; say="digits": figure by figure;
    say="minutes": "the wait is about `value` minutes", 0: "less than one"; say="position": "you are number `value`".
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
    first_s: float
    """Silence allowed before the first word, counted from the end of the prompts."""
    max_s: float
    phrases: tuple[str, ...] = ()
    """What is looked for in the sentence."""
    matters: tuple[str, ...] = ()
    """What a classifier is asked for; none: it need not be asked."""


@dataclass(frozen=True, slots=True)
class Route:
    """-> RouteEnded. The caller waits with music until an agent talks to him."""

    need: Need
    news_every_s: float | None = None
    """How often at most he is told his place and the estimated wait; None: never."""
    max_wait_s: float | None = None
    leave_keys: str = ""
    comfort: tuple[Prompt, ...] = ()
    """Said between the news, one at a time, in turn."""
    callback_key: str = ""
    """Asks to be called back with the place kept, once that was offered; "": not in this route."""
    no_seat: bool = False
    """He need not wait where nobody who could ever take him is logged in."""
    language: str = ""
    """The language he chose to be spoken to; "": he chose none."""
    ask: Listen | None = None
    """Put to him while he waits, if there is time for it; his words come as `RouteEnded("said")`. What he has said when
    an agent is found for him, or when he hangs up, is noted as `session.overheard` says."""


@dataclass(frozen=True, slots=True)
class RecordMessage:
    """-> MessageTaken. After the prompts and a tone his words are recorded until `#`, silence or `max_s`.

    A key of `leave_keys` cuts in at once, `#` during the prompts only skips them.
    """

    prompts: tuple[Prompt, ...]
    max_s: float
    min_s: float = 2.0
    """Anything shorter is no message."""
    leave_keys: str = "0"


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


Command = Mark | SetLanguage | Play | Gather | Listen | Route | RecordMessage | Survey | Transfer | HangUp
