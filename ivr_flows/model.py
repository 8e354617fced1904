"""What a flow file holds: its nodes as frozen data. `loader.py` reads and checks it, `session.py` walks it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from datetime import time
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass

from cti.calls import EMERGENCY_S, Need, NeedStep, SkillNeed
from ivr_flows.calendar import DayKind

KEYS = "0123456789*#"
EMERGENCIES = frozenset({"110", "119", "120", "122"})
"""Police, fire, ambulance, traffic police: legal targets of any flow, dialled only if the settings say how."""

_strict = ConfigDict(extra="forbid")


def _clock(text: str) -> tuple[time, time]:
    match = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)", text)
    if match is None or (match[3] == "24" and match[4] != "00"):
        raise ValueError('write hours as "08:00-20:00", with 24:00 as the end of the day')
    begin, end = time(int(match[1]), int(match[2])), time(int(match[3]) % 24, int(match[4]))
    if begin == end and match[3] != "24":
        raise ValueError("begins and ends at the same minute; leave hours out for the whole day")
    return begin, end


def _skill(text: str) -> SkillNeed:
    match = re.fullmatch(r"([a-z][a-z0-9_]{0,39})(?:>=([1-5]))?", text.replace(" ", ""))
    if match is None:
        raise ValueError('write a skill as "enterprise" or "enterprise>=3" (levels 1 to 5)')
    return SkillNeed(match[1], int(match[2] or 1))


def _one_or_more(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _no_doubles(keys: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(keys)) != len(keys):
        raise ValueError("names the same thing twice")
    return keys


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Key = Annotated[str, Field(pattern=r"^[0-9*#]$")]
Number = Annotated[str, Field(pattern=r"^\+?[0-9]{2,20}$")]
Matter = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$", max_length=80)]
"""A code of the city's tree of matters; one of a branch stands for all below it."""
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")]
PromptId = Name
Prompts = Annotated[tuple[PromptId, ...], BeforeValidator(_one_or_more)]
SomePrompts = Annotated[Prompts, Field(min_length=1)]
Hours = tuple[time, time]
"""From the first minute to before the second; an end of 00:00 is midnight, an end before the begin is the next day."""
HoursList = Annotated[
    tuple[Annotated[Hours, BeforeValidator(lambda v: _clock(v) if isinstance(v, str) else v)], ...],
    BeforeValidator(_one_or_more),
]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Weekdays = Annotated[tuple[Weekday, ...], BeforeValidator(_one_or_more), AfterValidator(_no_doubles)]
Days = Annotated[tuple[DayKind, ...], BeforeValidator(_one_or_more), AfterValidator(_no_doubles)]
Skill = Annotated[SkillNeed, BeforeValidator(lambda v: _skill(v) if isinstance(v, str) else v)]
Wait = Annotated[float, Field(ge=0.5, le=60, allow_inf_nan=False)]
Long = Annotated[float, Field(gt=0, le=86400, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True, config=_strict)
class Say:
    """Plays prompts and goes on; any key cuts them short. A key of `keys` leads elsewhere, another key that is
    pressed early counts for the next node that asks."""

    type: Literal["say"]
    prompts: SomePrompts
    next: Name
    keys: Mapping[Key, Name] = field(default_factory=dict)
    short: Prompts | None = None
    """Played instead while very many are calling; [] plays nothing then."""


@dataclass(frozen=True, slots=True, config=_strict)
class Announce:
    """A slot that the supervisor may fill while calls come in (water cut, storm); an empty one takes no time."""

    type: Literal["announce"]
    prompt: PromptId
    next: Name


@dataclass(frozen=True, slots=True, config=_strict)
class Menu:
    """Asks for one key. `0`, silence and `max_errors` wrong keys lead to a person, `*` repeats, any key cuts in."""

    type: Literal["menu"]
    prompts: SomePrompts
    options: Annotated[Mapping[Key, Name], Field(min_length=1)]
    """The keys that the prompts name."""
    keys: Mapping[Key, Name] = field(default_factory=dict)
    """Keys that work without being named."""
    person: Name | None = None
    """None: the flow's own `person`."""
    invalid: Prompts = ("menu_invalid",)
    first_s: Wait = 4.0
    max_errors: Annotated[int, Field(ge=1, le=5)] = 2
    max_repeats: Annotated[int, Field(ge=1, le=9)] = 3
    """After so many `*` a person is more use than the prompts."""


@dataclass(frozen=True, slots=True, config=_strict)
class Gather:
    """Asks for several digits. Exact matches of `options` lead there, other input of a good length to `next`.

    Silence and `max_errors` bad inputs lead to a person, and so does a lone `0` where one digit is too few; `*` begins
    again.
    """

    type: Literal["gather"]
    prompts: SomePrompts
    max_digits: Annotated[int, Field(ge=1, le=32)]
    min_digits: Annotated[int, Field(ge=1, le=32)] = 1
    options: Mapping[Annotated[str, Field(pattern=r"^[0-9]{1,32}$")], Name] = field(default_factory=dict)
    next: Name | None = None
    person: Name | None = None
    invalid: Prompts = ("menu_invalid",)
    terminator: Annotated[str, Field(pattern=r"^#?$")] = "#"
    first_s: Wait = 5.0
    between_s: Wait = 3.0
    max_errors: Annotated[int, Field(ge=1, le=5)] = 2
    max_repeats: Annotated[int, Field(ge=1, le=9)] = 3


@dataclass(frozen=True, slots=True, kw_only=True, config=_strict)
class Meaning:
    """What a sentence may mean: one of these words is in it, or the classifier takes it for one of these matters.

    Words win over the classifier. Of several words an urgent one counts, then the longest; of several rules with the
    same matter the first.
    """

    any_of: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=40)], ...], BeforeValidator(_one_or_more)
    ] = ()
    matters: Annotated[tuple[Matter, ...], BeforeValidator(_one_or_more)] = ()
    least: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] = 0.8
    """The classifier has to be so sure."""
    matter: Matter | None = None
    """What it is about, for the agent; None: the matter that the classifier found, if it was that."""
    urgent: bool = False
    """Life or property is in danger: no other words in the sentence are stronger."""


@dataclass(frozen=True, slots=True, kw_only=True, config=_strict)
class Words(Meaning):
    """A caller whose sentence means this goes `to`."""

    to: Name


@dataclass(frozen=True, slots=True, kw_only=True, config=_strict)
class WaitingWords(Meaning):
    """A waiting caller whose sentence means this waits in the route `to` from now on, his place kept; None: where he
    waits already."""

    to: Name | None = None


@dataclass(frozen=True, slots=True, config=_strict)
class Listen:
    """Asks for a sentence. Nothing heard, nothing understood or no recogniser: `otherwise`. `0` leads to a person."""

    type: Literal["listen"]
    prompts: SomePrompts
    words: Annotated[tuple[Words, ...], Field(min_length=1)]
    otherwise: Name
    keys: Mapping[Key, Name] = field(default_factory=dict)
    person: Name | None = None
    first_s: Wait = 5.0
    """Silence allowed before the first word, counted from the tone."""
    max_s: Wait = 12.0
    """He need not have come to an end by then; what he has said counts."""
    min_confidence: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.5


@dataclass(frozen=True, slots=True, config=_strict)
class Ask:
    """A caller who waits is asked for a sentence, once in a call, while he keeps his place."""

    prompts: SomePrompts
    words: tuple[WaitingWords, ...] = ()
    first_s: Wait = 5.0
    max_s: Wait = 12.0
    min_confidence: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.5
    """As of a `Listen`."""


@dataclass(frozen=True, slots=True, config=_strict)
class SkillStep:
    """All of `need` together, for `for_s` seconds; without it for good."""

    need: Annotated[tuple[Skill, ...], Field(min_length=1), BeforeValidator(_one_or_more)]
    for_s: Long | None = None


@dataclass(frozen=True, slots=True, config=_strict)
class Route:
    """The caller waits for an agent. `after` is where he goes when the talk is over and he is still on the line."""

    type: Literal["route"]
    queue: Name
    after: Name
    skills: tuple[SkillStep, ...] = ()
    """Tried in order as time passes, then any agent of the queue."""
    priority_s: Annotated[float, Field(ge=-3600, le=EMERGENCY_S, allow_inf_nan=False)] = 0.0
    """Head start in seconds of waiting; a whole day is before everybody."""
    news_every_s: Annotated[float, Field(ge=15, le=3600, allow_inf_nan=False)] | None = None
    """How often at most the caller is told his place and the estimated wait."""
    comfort: Prompts = ()
    """Said between the news, one at a time, in turn."""
    ask: Ask | None = None
    max_wait_s: Long | None = None
    gave_up: Name | None = None
    """Where `max_wait_s` leads."""
    called_back: Name | None = None
    """Where a caller goes who asked to be called back; None: that is not offered here."""
    callback_key: Key = "5"
    """The key that asks for it, as the prompt `callback_offer` names it."""
    no_seat: Name | None = None
    """Where a caller goes whom nobody who is logged in could ever take; None: he waits."""
    keys: Mapping[Key, Name] = field(default_factory=dict)
    """Keys that leave the queue."""

    @property
    def need(self) -> Need:
        steps = tuple(NeedStep(step.need, step.for_s) for step in self.skills)
        return Need(self.queue, steps, self.priority_s)


@dataclass(frozen=True, slots=True, config=_strict)
class Message:
    """Records what the caller says, for the next working hours. `0` leads to the flow's person instead.

    Less than `min_s` is no message: he is asked once more, and then goes `otherwise`.
    """

    type: Literal["message"]
    prompts: SomePrompts
    next: Name
    """Where he goes who has left one."""
    otherwise: Name
    max_s: Annotated[float, Field(ge=10, le=600, allow_inf_nan=False)] = 120.0
    min_s: Annotated[float, Field(ge=1, le=5, allow_inf_nan=False)] = 2.0
    again: Prompts = ("message_too_short",)
    """Played before he is asked once more."""


@dataclass(frozen=True, slots=True, config=_strict)
class Schedule:
    """`open` inside `hours` on `weekdays` (each left out: always), `holiday` on festival days if given, else `closed`.

    Judged by the moment the call began, so no call changes its treatment halfway.
    """

    type: Literal["schedule"]
    open: Name
    closed: Name
    hours: HoursList = ()
    weekdays: Weekdays = ()
    days: Days = ()
    """Kinds of day by the calendar: work, weekend, holiday."""
    holiday: Name | None = None


@dataclass(frozen=True, slots=True, config=_strict)
class ByNumber:
    """Branches by the number dialled."""

    type: Literal["number"]
    options: Annotated[Mapping[Number, Name], Field(min_length=1)]
    otherwise: Name


@dataclass(frozen=True, slots=True, config=_strict)
class SwitchLanguage:
    """From here on prompts are in `language`."""

    type: Literal["language"]
    language: Language
    next: Name


@dataclass(frozen=True, slots=True, config=_strict)
class Goto:
    type: Literal["goto"]
    to: Name


@dataclass(frozen=True, slots=True, config=_strict)
class HangUp:
    """The end. Nobody is cut off without a word, so it has prompts."""

    type: Literal["hangup"]
    prompts: SomePrompts
    reason: Name = "flow"


@dataclass(frozen=True, slots=True, config=_strict)
class Transfer:
    """Hands the caller to another service. `otherwise`: not in the settings' table, refused, or nobody answered."""

    type: Literal["transfer"]
    target: Annotated[str, Field(pattern=r"^[0-9a-z_]{2,20}$")]
    otherwise: Name
    after: Name
    prompts: Prompts = ()
    """Played before dialling, and only if the target can be dialled."""


@dataclass(frozen=True, slots=True, config=_strict)
class Survey:
    """One key from 1 (best) to the scale. Silence goes on to `next`, a wrong key asks once more."""

    type: Literal["survey"]
    ask: Annotated[Mapping[Annotated[int, Field(ge=2, le=9)], Prompts], Field(min_length=1)]
    """Prompts by scale; the city's settings choose the scale."""
    next: Name
    again: Prompts = ("survey_again",)
    """Played before the question is put again."""
    first_s: Wait = 5.0


Node = (
    Say
    | Announce
    | Menu
    | Gather
    | Listen
    | Route
    | Message
    | Schedule
    | ByNumber
    | SwitchLanguage
    | Goto
    | HangUp
    | Transfer
    | Survey
)
AnyNode = Annotated[Node, Field(discriminator="type")]
ASKING = (Menu, Gather, Listen)
"""Nodes that ask a caller who has not been served yet."""


@dataclass(frozen=True, slots=True, config=_strict)
class Rule:
    """The call begins at `to` if every condition given holds; the first rule that fits wins."""

    to: Name
    dialled: Annotated[tuple[Number, ...], BeforeValidator(_one_or_more)] = ()
    mode: Annotated[tuple[Literal["merged", "dual", "subcentre"], ...], BeforeValidator(_one_or_more)] = ()
    hours: HoursList = ()
    weekdays: Weekdays = ()
    days: Days = ()

    @property
    def conditional(self) -> bool:
        return bool(self.dialled or self.mode or self.hours or self.weekdays or self.days)


@dataclass(frozen=True, slots=True, config=_strict)
class Limits:
    """Prompt time of a caller who does nothing, from the answer until he is in a queue."""

    greeting_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    """Where no node asks him anything."""
    menu_s: Annotated[float, Field(gt=0, le=120)] = 15.0
    """Where one does; the silence after the prompts is not counted."""


@dataclass(frozen=True, slots=True, config=_strict)
class Head:
    """Everything of a file but its nodes and the start."""

    flow: Name
    person: Name
    languages: Annotated[tuple[Language, ...], Field(min_length=1), BeforeValidator(_one_or_more)] = ("zh-CN",)
    limits: Limits = field(default_factory=Limits)
    transcribe_talks: bool = True
    """Whether talks of those who come through this flow are listened to; then its greeting has to say so."""
    modes: dict[Name, Name] = field(default_factory=dict)
    """Ways in that a supervisor can switch a number to for a while: name -> the node at which calls begin then."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A checked flow: every name in it leads somewhere, and every path to a person or a closing word."""

    name: str
    version: str
    """Twelve hex figures of the file's content."""
    text: str = field(repr=False)
    languages: tuple[str, ...]
    """The first is the one a call begins in."""
    person: str
    """Where a caller reaches a person, whatever happened before."""
    limits: Limits
    start: tuple[Rule, ...]
    nodes: Mapping[str, Node]
    transfers: frozenset[str]
    """Targets that can be dialled."""
    transcribe_talks: bool = True
    modes: Mapping[str, str] = field(default_factory=dict)
    """Ways in to which a supervisor can switch a number: name -> node."""
    warnings: tuple[str, ...] = ()

    def person_of(self, node: Menu | Gather | Listen) -> str:
        return node.person or self.person
