"""Whom a talk can be joined by: departments, experts, interpreters and other numbers. A document that changes while the
city runs, and the one list of numbers that an agent can have called: no number that somebody typed is ever dialled.

The emergency services stand in the settings (`transfers`), where flows find them too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from cti.toml_file import TomlRefused, fault_at, read_toml
from queues.dialling import is_open

DIRECTORY = """\
# Whom agents can call to a talk (三方、咨询、转接). Nothing else can be dialled but agents, queues and the emergency
# services, which stand in the settings (`transfers`). A change takes effect at once. This is a SAMPLE: put your own in.
# docs/examples/directory.toml shows every key.

[entry.human-resources]
kind = "department"        # department, expert, interpreter or outside
zh = "人力资源社会保障热线"
en = "Human resources and social security"
number = "12333"           # digits, as the carrier wants them dialled
skills = ["social_security"]

[entry.tax]
kind = "department"
zh = "税务热线"
en = "Taxes"
number = "12366"

[entry.legal-aid]
kind = "expert"
zh = "法律援助"
en = "Legal aid"
number = "12348"
"""
"""What counts until a city says otherwise."""

Mode = Literal["conference", "consult", "whisper", "blind"]
MODES: tuple[Mode, ...] = ("conference", "consult", "whisper", "blind")
"""The ways to call somebody; blind: the agent does not wait for him."""

_HOURS = r"^(([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00))?$"

_strict = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_strict)
class Entry:
    kind: Literal["department", "expert", "interpreter", "outside"]
    zh: Annotated[str, Field(min_length=1, max_length=60)]
    en: Annotated[str, Field(max_length=60)]
    number: Annotated[str, Field(pattern=r"^[0-9]{2,20}$")]
    modes: tuple[Mode, ...] = MODES
    hours: Annotated[str, Field(pattern=_HOURS)] = ""
    """"08:30-17:30", local time; "": always."""
    skills: tuple[str, ...] = ()
    """Calls that need one of these may well be his …"""
    matters: tuple[str, ...] = ()
    """… and tickets of one of these matters."""
    note: Annotated[str, Field(max_length=200)] = ""
    """For agents."""

    def is_open(self, local: datetime) -> bool:
        return not self.hours or is_open(self.hours, local)


@dataclass(frozen=True, config=_strict)
class Directory:
    entry: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{1,39}$")], Entry] = field(default_factory=dict)
    """By id."""


def read_directory(text: str, name: str) -> Mapping[str, Entry]:
    """The entries by id. TomlRefused."""
    found = read_toml(Directory, text, name).entry
    for id_, one in found.items():
        if not one.modes:
            raise TomlRefused([fault_at(text, name, ("entry", id_, "modes"), "there must be one way to call him")])
    return found
