"""A ticket and its fields as they are at one moment. Pure: changes make new ones (cti.tickets.edit).

The JSON of a ticket is the same for pages, programs and the SQL store; pages get `editing` beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Value = str | bool | None
Source = Literal["speech", "menu", "history", "agent", "caller_id", "rule", "citizen"]
FieldState = Literal["check", "confirmed", "own", "empty"]
"""check: a machine filled it and nobody has looked; confirmed: somebody has; own: a person wrote it."""
TicketState = Literal["draft", "submitted", "sent", "closed"]
"""submitted: may still be recalled; sent: it has left for the city's platform; closed: nothing is left to be done."""
RelationKind = Literal["same", "different"]
"""same: one matter; different: somebody looked and it is not."""
How = Literal[
    "typed", "confirmed", "taken", "cleared",  # by a person
    "filled", "proposed",  # by a machine
    "conflict",  # what a person wrote meanwhile: kept here, and in the field only when he says so again
    "created", "agent", "submitted", "recalled", "sent", "closed", "same", "different",  # the ticket itself
]  # fmt: skip

FIELDS = (
    "caller_name", "caller_gender", "contact_phone", "secret", "type", "matter", "urgency", "street", "address",
    "happened_at", "target", "detail", "wants_reply", "title", "content", "department", "related", "finish",
)  # fmt: skip
"""In the order of the form."""
SYSTEM = ""
"""`by` of what no person did."""
Span = tuple[int, int]
"""Where in the talk a value was heard: milliseconds on the clock of the transcript (cti.tickets.prefill.words), from
its first word to the end of its last. Not characters: a transcript is corrected and cut anew, the recording is not."""


@dataclass(frozen=True, slots=True)
class Guess:
    """What a machine takes for the value. `confidence` from 0 to 1."""

    value: Value
    source: Source
    confidence: float
    note: Mapping[str, str] | None = None
    """Why, as {"zh", "en"}."""
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Field:
    value: Value = None
    source: Source | None = None
    confidence: float | None = None
    state: FieldState = "empty"
    version: int = 0
    """Counts the changes of this field; a change says which one its author had seen."""
    by: str = SYSTEM
    at: float | None = None
    proposal: Guess | None = None
    """A machine's better value for a field that a person has settled: his to take."""
    alternatives: tuple[Guess, ...] = ()
    note: Mapping[str, str] | None = None
    span: Span | None = None
    """Of a machine's value, also when somebody has confirmed it."""


@dataclass(frozen=True, slots=True)
class Relation:
    id: str
    kind: RelationKind


@dataclass(frozen=True, slots=True)
class Deadline:
    at: float
    """UTC seconds: from then on it is late."""
    text: Mapping[str, str]
    provisional: bool = False
    """It runs into a year whose holidays are not known yet; it is reckoned anew when they are."""
    stages: tuple[Stage, ...] = ()
    """What has to be done before."""


@dataclass(frozen=True, slots=True)
class Stage:
    stage: str
    at: float
    text: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Ticket:
    id: str
    call_id: str
    created_at: float
    agent: str = ""
    """Who has it now, or had it last."""
    agents: tuple[str, ...] = ()
    """Everybody at whose desk it has been, in order."""
    pii_caller: str = ""
    """The number the call came from; the one to be reached at is the field contact_phone."""
    language: str = "zh-CN"
    """What the citizen chose to speak."""
    state: TicketState = "draft"
    version: int = 0
    """Counts the lines of its history."""
    saved_at: float = 0.0
    send_at: float | None = None
    """Of a submitted one: until then it can be recalled."""
    fields: Mapping[str, Field] = field(default_factory=dict)
    """Those that have ever been changed; `field` gives the others too."""
    finish: str | None = None
    """The finish code it was submitted or closed with."""
    reason: str | None = None
    """Why it was not accepted."""
    deadline: Deadline | None = None
    related: tuple[Relation, ...] = ()

    def field(self, name: str) -> Field:
        return self.fields.get(name, _EMPTY)

    def text(self, name: str) -> str:
        """The value of a field as text; "" for an empty one."""
        value = self.field(name).value
        return value if isinstance(value, str) else ""

    def is_on(self, name: str) -> bool:
        return self.field(name).value is True

    @property
    def touched(self) -> bool:
        """Whether a person has written or settled anything in it."""
        return any(f.by != SYSTEM for f in self.fields.values())

    @property
    def open(self) -> bool:
        """Whether the citizen still waits for something."""
        return self.state != "closed"


_EMPTY = Field()


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a ticket's history; `n` is the ticket's version after it."""

    n: int
    at: float
    by: str
    how: How
    field: str = ""
    """"" for what concerns the whole ticket."""
    version: int = 0
    """Of the field, after it."""
    old: Value = None
    new: Value = None
    source: Source | None = None
    confidence: float | None = None


def ticket_json(ticket: Ticket) -> dict[str, Any]:
    """Every field is in it, changed or not."""
    shown = _plain(ticket)
    shown["agents"] = list(ticket.agents)
    shown["fields"] = {name: _field_json(ticket.field(name)) for name in FIELDS}
    shown["related"] = [_plain(relation) for relation in ticket.related]
    if (deadline := ticket.deadline) is not None:
        shown["deadline"] = {**_plain(deadline), "stages": [_plain(stage) for stage in deadline.stages]}
    return shown


def _field_json(field: Field) -> dict[str, Any]:
    shown = _plain(field)
    shown["proposal"] = _plain(field.proposal) if field.proposal is not None else None
    shown["alternatives"] = [_plain(guess) for guess in field.alternatives]
    return shown


def _plain(item: Any) -> dict[str, Any]:
    """As `dataclasses.asdict` for one level, in a twentieth of the time: this is done at every key stroke."""
    return {name: getattr(item, name) for name in item.__dataclass_fields__}


def ticket_from_json(data: Mapping[str, Any]) -> Ticket:
    """Reads what `ticket_json` wrote, of this release or an earlier one."""
    known = {name: data[name] for name in Ticket.__dataclass_fields__ if name in data}
    known["agents"] = tuple(known.get("agents", ()))
    known["fields"] = {n: _field(f) for n, f in data["fields"].items() if n in FIELDS and f["version"] > 0}
    known["related"] = tuple(Relation(**r) for r in known.get("related", ()))
    if (deadline := known.get("deadline")) is not None:
        known["deadline"] = Deadline(**{**deadline, "stages": tuple(Stage(**s) for s in deadline.get("stages", ()))})
    return Ticket(**known)


def _field(data: Mapping[str, Any]) -> Field:
    proposal = data.get("proposal")
    return Field(
        **{
            **data,
            "proposal": _guess(proposal) if proposal is not None else None,
            "alternatives": tuple(_guess(guess) for guess in data.get("alternatives", ())),
            "span": _span(data),
        }
    )


def _guess(data: Mapping[str, Any]) -> Guess:
    return Guess(**{**data, "span": _span(data)})


def _span(data: Mapping[str, Any]) -> Span | None:
    """A row of an earlier release has none."""
    span = data.get("span")
    return None if span is None else (span[0], span[1])
