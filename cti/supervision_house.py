"""Everything by which supervisors step in: orders and messages to agents, and being beside a talk."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web

from cti.accounts.sessions import Session
from cti.accounts.trail import Trail
from cti.asterisk.ami import AmiEvent
from cti.asterisk.channels import Channel
from cti.broadcasts import Broadcasts
from cti.calls import AgentId, Milestone
from cti.ear_lines import EarLines
from cti.exchange import Exchange
from cti.guest_listening import GuestListening
from cti.leg import Actions
from cti.parties import Parties
from cti.settings import Settings
from cti.supervision import Supervision
from cti.supervisor_phones import SupervisorPhones
from cti.web.guest_listens import GuestRoutes
from cti.web.orders import OrderRoutes
from cti.web.supervision import SupervisionRoutes
from queues.dialling import Dialling


@dataclass(frozen=True, slots=True)
class House:
    """What it works on. `channels`: by uniqueid, None while Asterisk is not observed. `tell`: an agent's page.
    `name_of`: of a user. `telephones_changed`, `telephone_written`: Asterisk is to know others, and knows this one."""

    exchange: Exchange
    act: Actions
    channels: Callable[[], Mapping[str, Channel] | None]
    parties: Parties
    trail: Trail
    tell: Callable[[AgentId, Mapping[str, Any]], object]
    name_of: Callable[[str], str]
    skills: Callable[[], Collection[str]]
    local_time: Callable[[float], datetime]
    telephones_changed: Callable[[], object]
    telephone_written: Callable[[str], Awaitable[None]]
    dialling: Dialling
    ongoing: Callable[[], int]
    own_number: Callable[[], str]
    """What a guest's telephone shows."""


class SupervisionHouse:
    """`jobs` run as long as the daemon; `recover` once; `heard` with each batch of durable milestones; `on_event` for
    each event that is observed; `show` when an agent's page has come."""

    def __init__(self, settings: Settings, house: House) -> None:
        self._house = house
        self.phones = SupervisorPhones(house.telephones_changed)
        self.broadcasts = Broadcasts(house.exchange, house.tell, house.name_of)
        self.lines = EarLines(house.act, house.channels, house.exchange.wall)
        self.supervision = Supervision(
            house.exchange,
            self.lines,
            house.channels,
            house.parties,
            settings.supervision,
            house.trail,
            self.phones.dial,
            house.tell,
            house.name_of,
        )
        self.guests = GuestListening(
            house.exchange,
            self.lines,
            house.channels,
            house.trail,
            settings.callback,
            house.dialling,
            house.local_time,
            house.ongoing,
            house.own_number,
        )

    def recover(self, milestones: Sequence[Milestone]) -> None:
        self.broadcasts.recover(milestones)
        self.supervision.recover(milestones)
        self.guests.recover(milestones)

    def jobs(self) -> list[Coroutine[Any, Any, None]]:
        return [self.supervision.run(), self.guests.run()]

    def routes(self) -> Iterable[web.RouteDef]:
        house = self._house
        return [
            *OrderRoutes(house.exchange, self.broadcasts, house.skills, house.local_time).routes(),
            *SupervisionRoutes(self.supervision, self.phones, house.telephone_written).routes(),
            *GuestRoutes(house.exchange, self.guests).routes(),
        ]

    def session_ended(self, session: Session, why: str) -> None:
        """For `Sessions.on_end`."""
        self.supervision.session_ended(session, why)
        self.phones.session_ended(session, why)

    def on_event(self, event: AmiEvent) -> None:
        self.supervision.on_event(event)
        self.guests.on_event(event)

    def heard(self, batch: Sequence[Milestone]) -> None:
        self.broadcasts.heard(batch)

    def show(self, agent_id: AgentId) -> None:
        self.broadcasts.show(agent_id)
        self.supervision.show(agent_id)
