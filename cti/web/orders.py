"""REST of what supervisors order for agents: to be ready, on a break or logged out, other skills today, a message."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, time, timedelta
from typing import Annotated, Any, Literal, Protocol

from aiohttp import web
from pydantic import Field

from agents.orders import skills_to_text
from agents.status import Status
from cti.calls import AgentFact, AgentId
from cti.exchange import Exchange
from cti.live_view import desk_row
from cti.web.http import TRAIL, Body, Refused, agent_of, body_of, json_response, who

_Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class Messages(Protocol):
    """cti.broadcasts.Broadcasts"""

    def say(self, text: str, agents: Collection[AgentId], urgent: bool, by: str) -> str: ...

    def read(self, broadcast: str, agent_id: AgentId) -> None:
        """KeyError: it is none of his."""

    def rows(self) -> list[dict[str, Any]]: ...


class Force(Body):
    status: Literal["ready", "break", "offline"]
    why: str = Field(min_length=1, max_length=200)
    """He is told it."""


class SkillsToday(Body):
    skills: dict[_Code, Annotated[int, Field(ge=1, le=5)]] = Field(min_length=1, max_length=50)
    """These and no other."""


class ToSkills(Body):
    skills: tuple[_Code, ...] = Field(min_length=1, max_length=50)


class ToAgents(Body):
    agents: tuple[str, ...] = Field(min_length=1, max_length=500)


class Broadcast(Body):
    text: str = Field(min_length=1, max_length=500)
    to: ToSkills | ToAgents | Literal["all"]
    urgent: bool = False


class OrderRoutes:
    """`skills`: codes of those there are."""

    def __init__(
        self,
        exchange: Exchange,
        messages: Messages,
        skills: Callable[[], Collection[str]],
        local_time: Callable[[float], datetime],
    ) -> None:
        self._exchange = exchange
        self._messages = messages
        self._skills = skills
        self._local_time = local_time

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/agents/{id}/force", self._force),
            web.put("/api/agents/{id}/skills-today", self._lend),
            web.delete("/api/agents/{id}/skills-today", self._take_back),
            web.post("/api/broadcast", self._say),
            web.get("/api/broadcasts", self._said),
            web.post("/api/broadcasts/{broadcast}/seen", self._read),
        ]

    async def _force(self, request: web.Request) -> web.Response:
        """StatusRefused: he is not logged in."""
        agent_id, by, body = agent_of(request), who(request).id, await body_of(request, Force)
        self._exchange.agent(AgentFact.FORCED, agent_id, {"status": body.status, "by": by, "why": body.why})
        request.app[TRAIL].note(by, "agent_forced", agent_id, {"status": body.status, "why": body.why})
        return self._agent(agent_id)

    async def _lend(self, request: web.Request) -> web.Response:
        agent_id, by, body = agent_of(request), who(request).id, await body_of(request, SkillsToday)
        if unknown := sorted(set(body.skills) - set(self._skills())):
            raise Refused(400, "unknown_skill", f"skills.{unknown[0]}: there is no such skill")
        now = self._local_time(self._exchange.wall())
        midnight = datetime.combine(now.date() + timedelta(days=1), time(), now.tzinfo).timestamp()
        text = skills_to_text(body.skills)
        self._exchange.agent(AgentFact.SKILLS_TODAY, agent_id, {"skills": text, "until": midnight, "by": by})
        request.app[TRAIL].note(by, "skills_today", agent_id, {"skills": text})
        return self._agent(agent_id)

    async def _take_back(self, request: web.Request) -> web.Response:
        agent_id, by = agent_of(request), who(request).id
        self._exchange.agent(AgentFact.SKILLS_TODAY, agent_id, {"skills": "", "until": None, "by": by})
        request.app[TRAIL].note(by, "skills_today", agent_id, {"skills": ""})
        return self._agent(agent_id)

    async def _say(self, request: web.Request) -> web.Response:
        body, by = await body_of(request, Broadcast), who(request).id
        agents = self._meant(body.to)
        if not agents:
            raise Refused(409, "nobody", "nobody who is meant is logged in")
        broadcast = self._messages.say(body.text, agents, body.urgent, by)
        request.app[TRAIL].note(by, "broadcast", broadcast, {"agents": len(agents), "urgent": body.urgent})
        return json_response({"id": broadcast, "agents": agents}, 201)

    def _meant(self, to: ToSkills | ToAgents | Literal["all"]) -> list[AgentId]:
        """By name whoever there is; else those who are logged in."""
        desks = self._exchange.board.desks
        if isinstance(to, ToAgents):
            if unknown := [name for name in to.agents if AgentId(name) not in desks]:
                raise Refused(404, "unknown_agent", f"there is no agent {unknown[0]}")
            return [AgentId(name) for name in dict.fromkeys(to.agents)]
        there = [desk for desk in desks.values() if desk.status is not Status.OFFLINE]
        if isinstance(to, ToSkills):
            there = [desk for desk in there if not desk.agent.skills.keys().isdisjoint(to.skills)]
        return [desk.agent.id for desk in there]

    async def _said(self, request: web.Request) -> web.Response:
        return json_response(self._messages.rows())

    async def _read(self, request: web.Request) -> web.Response:
        """The agent who asks has read it."""
        try:
            self._messages.read(request.match_info["broadcast"], AgentId(who(request).id))
        except KeyError:
            raise Refused(404, "unknown_broadcast", "there is no such message to you") from None
        return json_response({})

    def _agent(self, agent_id: AgentId) -> web.Response:
        row: Mapping[str, Any] = desk_row(self._exchange.board.desks[agent_id], self._exchange.wall())
        return json_response({"agent": row})
