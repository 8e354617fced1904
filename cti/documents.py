"""Everything that an administrator changes, as text documents: where each stands, and how it is judged."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from cti.city_days import DAYS
from cti.directory_file import DIRECTORY
from cti.document_checks import Checks, Problem
from cti.flow_files import flow_paths, read_flow_text
from cti.key_words import KEY_WORDS
from cti.numbers import NUMBERS
from cti.quality_rules import QUALITY
from cti.rules import RULES
from cti.settings import Settings
from cti.skills import SKILLS
from cti.tickets.prefill.own_rules import PREFILL
from ivr_flows.errors import FlowError
from ivr_flows.prompts import SHIPPED_PROMPTS

_ROSTER = """\
# The agents of this hotline.
# [agent.a1001]
# name = "…"
# skills = { general = 3, enterprise = 1 }    # level 1 to 5
"""
_USERS = """\
# Who may do what beside agents, who stand in the roster.
# [user.li]
# name = "…"
# roles = ["supervisor"]    # supervisor, administrator, auditor, screen; of an agent: what he may beside his desk
"""
_SCHEDULE = """\
# Shifts and who works them; docs/examples/schedule.toml shows a whole week.
# [shift.night]
# name = "夜班"
# hours = "22:00-06:00"
# lines = 2
# [week.mon]
# night = ["a1001", "a1002"]
# standby = ["a1003"]
"""
_PROMPTS = """\
# What this city says otherwise than the release, and more. {city} becomes the city's name.
# [greeting]
# text = "您好，这里是{city}12345热线，本次通话将被录音。"
# speak = "…"    # only where the voice needs another spelling
"""
_NEW_FLOW = """\
flow: {name}
person: general
start: greeting
nodes:
  greeting: {{type: say, prompts: greeting, next: general}}
  general: {{type: route, queue: general, after: goodbye}}
  goodbye: {{type: hangup, prompts: goodbye}}
"""


@dataclass(frozen=True, slots=True)
class Document:
    id: str
    """Like roster, flow.city, prompts.zh-CN."""
    format: Literal["toml", "yaml"]
    path: Path
    """Where it is written."""
    shipped: str
    """What counts while there is no file."""
    check: Callable[[str], list[Problem]]


class Documents:
    def __init__(self, settings: Settings, checks: Checks) -> None:
        self._settings = settings
        self._checks = checks
        folder = settings.documents
        self._fixed = {
            document.id: document
            for document in (
                Document("roster", "toml", settings.roster, _ROSTER, checks.roster),
                Document("users", "toml", settings.users, _USERS, checks.users),
                Document("skills", "toml", folder / "skills.toml", SKILLS, checks.skills),
                Document("rules", "toml", folder / "rules.toml", RULES, checks.rules),
                Document("numbers", "toml", folder / "numbers.toml", NUMBERS, checks.numbers),
                Document("directory", "toml", folder / "directory.toml", DIRECTORY, checks.directory),
                Document("calendar", "toml", folder / "calendar.toml", DAYS, checks.calendar),
                Document("prefill", "toml", folder / "tickets" / "prefill.toml", PREFILL, checks.prefill),
                Document("key_words", "toml", folder / "key_words.toml", KEY_WORDS, checks.key_words),
                Document("quality", "toml", folder / "quality.toml", QUALITY, checks.quality),
                Document("schedule", "toml", settings.schedule, _SCHEDULE, checks.schedule),
            )
        }

    def all(self) -> Iterator[Document]:
        yield from self._fixed.values()
        for name in sorted(flow_paths(self._settings.flows, self._settings.own_flows)):
            yield self._flow(name)
        for path in sorted(SHIPPED_PROMPTS.glob("*.toml")):
            yield self._prompts(path.stem)

    def find(self, id_: str) -> Document:
        """KeyError: there can be no such document. A flow that is not there yet is one to be made."""
        if id_ in self._fixed:
            return self._fixed[id_]
        kind, _, name = id_.partition(".")
        if kind == "flow" and re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name):
            return self._flow(name)
        if kind == "prompts" and (SHIPPED_PROMPTS / f"{name}.toml").exists() and "/" not in name:
            return self._prompts(name)
        raise KeyError(id_)

    def _flow(self, name: str) -> Document:
        settings = self._settings
        path = settings.own_flows / f"{name}.yaml"
        shipped = settings.flows / f"{name}.yaml"
        text = _NEW_FLOW.format(name=name)
        if shipped != path and shipped.exists():
            try:
                text = read_flow_text(shipped)
            except FlowError:
                text = ""
        return Document(f"flow.{name}", "yaml", path, text, partial(self._checks.flow, name))

    def _prompts(self, language: str) -> Document:
        path = self._settings.documents / "prompts" / f"{language}.toml"
        return Document(f"prompts.{language}", "toml", path, _PROMPTS, partial(self._checks.prompts, language))
