"""Temporary agents for `yihu call`, the demonstration and the bench: no file, gone when asked or at log-out."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from agents.roster import Agent, check_id, check_skills, sip_ha1
from cti.calls import AgentFact, AgentId
from cti.exchange import Exchange
from cti.roster_file import new_password
from cti.switchboard import definition

_TELEPHONES_LIMIT_S = 10.0


@dataclass(frozen=True, slots=True)
class MadeAgent:
    id: AgentId
    sip_password: str


class TestAgents:
    """Adds and removes them. `telephones_ready` returns when Asterisk knows every telephone."""

    __test__ = False  # not a test, whatever its name says to pytest

    def __init__(
        self, exchange: Exchange, on_change: Callable[[], None], telephones_ready: Callable[[], Awaitable[None]]
    ) -> None:
        self._exchange = exchange
        self._on_change = on_change
        self._telephones_ready = telephones_ready

    async def add(self, count: int, skills: dict[str, int], prefix: str, wrap_up_s: float | None) -> list[MadeAgent]:
        """New agents, logged in and on a break, whose telephones can register. RosterError, TimeoutError."""
        desks = self._exchange.board.desks
        names = (f"{prefix}{n}" for n in itertools.count(1))
        fresh = itertools.islice((check_id(name) for name in names if name not in desks), count)
        made = []
        for agent_id in list(fresh):
            password = new_password()
            agent = Agent(
                id=agent_id,
                name=f"test agent {agent_id}",
                skills=check_skills(skills),
                sip_ha1=sip_ha1(agent_id, password),
                wrap_up_s=wrap_up_s,
                temporary=True,
            )
            self._exchange.agent(AgentFact.ADDED, agent_id, {"definition": definition(agent)})
            self._exchange.agent(AgentFact.LOGGED_IN, agent_id)
            made.append(MadeAgent(agent_id, password))
        self._on_change()
        async with asyncio.timeout(_TELEPHONES_LIMIT_S):
            await self._telephones_ready()
        return made

    def remove_all(self) -> None:
        """Those who talk stay until the next removal."""
        for agent_id, desk in list(self._exchange.board.desks.items()):
            if desk.agent.temporary and desk.call_id is None:
                self._exchange.agent(AgentFact.REMOVED, agent_id)
        self._on_change()
