"""Everybody who can be called to a talk, and the queues a citizen can be sent on to, as they are at this moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from agents.status import Status
from cti.calls import AgentId
from cti.directory_file import MODES, Entry
from cti.exchange import Exchange
from cti.skills import Skill

_EMERGENCIES: Final[Mapping[str, tuple[str, str]]] = {
    "110": ("公安报警", "Police"),
    "119": ("消防救援", "Fire and rescue"),
    "120": ("医疗急救", "Ambulance"),
    "122": ("交通事故报警", "Traffic accidents"),
}
_QUEUE: Final = "queue:"
"""Before the name of a queue, so that it is never the id of somebody."""


class MoveRefused(Exception):
    """It cannot be done now; `code` is stable, the text is for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Whom:
    """Somebody who can be called, or a queue. `dial` is Asterisk's; "": nobody outside is called."""

    kind: str
    target: str
    zh: str
    en: str
    modes: tuple[str, ...]
    state: str
    """open, closed (not at this hour), off (numbers outside are not called); of an agent his state; of a queue open or
    no_seat."""
    note: str = ""
    dial: str = ""
    skills: tuple[str, ...] = ()
    matters: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """What is said to name him."""
        return f"{_QUEUE}{self.target}" if self.kind == "queue" else self.target

    @property
    def agent(self) -> AgentId | None:
        return AgentId(self.target) if self.kind == "agent" else None

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "kind": self.kind,
            "zh": self.zh,
            "en": self.en,
            "note": self.note,
            "modes": list(self.modes),
            "state": self.state,
            "skills": list(self.skills),
            "matters": list(self.matters),
        }


class Directory:
    """`entries`: of the document; `emergencies`: name -> dial string (settings.transfers); `dial`: Asterisk's, with
    {number}, "" if no number of the document is to be called; `skills`: the document of skills, which names queues."""

    def __init__(
        self,
        exchange: Exchange,
        entries: Callable[[], Mapping[str, Entry]],
        emergencies: Mapping[str, str],
        dial: str,
        skills: Callable[[], Mapping[str, Skill]],
        local_time: Callable[[float], datetime],
    ) -> None:
        self._exchange = exchange
        self._entries = entries
        self._emergencies = emergencies
        self._dial = dial
        self._skills = skills
        self._local_time = local_time

    def all(self) -> list[Whom]:
        """Emergencies first."""
        return [*self._emergency(), *self._outside(), *self._agents(), *self._queues()]

    def find(self, id_: str) -> Whom | None:
        """The first of this id: an entry of the document goes before an agent."""
        return next((whom for whom in self.all() if whom.id == id_), None)

    def name(self, id_: str) -> Mapping[str, str] | None:
        """In both languages."""
        found = self.find(id_)
        return None if found is None else {"zh": found.zh, "en": found.en}

    def _emergency(self) -> Iterable[Whom]:
        for target, dial in self._emergencies.items():
            zh, en = _EMERGENCIES.get(target, ("紧急", "Emergency"))
            yield Whom("emergency", target, f"{target} {zh}", f"{target} {en}", MODES, "open", dial=dial)

    def _outside(self) -> Iterable[Whom]:
        local = self._local_time(self._exchange.wall())
        for target, entry in self._entries().items():
            state = "off" if not self._dial else "open" if entry.is_open(local) else "closed"
            yield Whom(
                entry.kind,
                target,
                entry.zh,
                entry.en or entry.zh,
                entry.modes,
                state,
                entry.note,
                self._dial.replace("{number}", entry.number),
                entry.skills,
                entry.matters,
            )

    def _agents(self) -> Iterable[Whom]:
        now = self._exchange.wall()
        for agent_id, desk in self._exchange.board.desks.items():
            if desk.status is not Status.OFFLINE:
                name, skills = desk.agent.name, tuple(desk.agent.skills)
                yield Whom("agent", agent_id, name, name, MODES, desk.state(now), "", f"PJSIP/{agent_id}", skills)

    def _queues(self) -> Iterable[Whom]:
        board = self._exchange.board
        seated = {skill for desk in board.logged_in() for skill in desk.agent.skills}
        for queue, skill in self._skills().items():
            if skill.queue:
                state = "open" if queue in seated else "no_seat"
                yield Whom("queue", queue, skill.zh, skill.en, ("blind",), state, skills=(queue,))
