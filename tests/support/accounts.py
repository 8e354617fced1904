"""Who asks, in tests of routes: an app that is guarded as the daemon's is, and headers of whom a test wants to be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aiohttp import web

from cti.accounts.people import People, Person, Role, User
from cti.accounts.sessions import Sessions
from cti.accounts.throttle import Throttle
from cti.accounts.tickets import Tickets
from cti.accounts.trail import Entry
from cti.calls import AgentId, Value
from cti.exchange import Exchange
from cti.roster_file import RosterFile
from cti.settings import Settings
from cti.storage.expiring import MemoryExpiring, RedisExpiring
from cti.users_file import UsersFile
from cti.web.access import access
from cti.web.accounts import AccountRoutes
from cti.web.http import EXCHANGE, GUARD, TRAIL, Guard, errors

ADMIN = {"Authorization": "Bearer the-admin-token"}
"""The administrator's token of the installation"""


class NotedTrail:
    """What was noted: (who, what, on)."""

    def __init__(self) -> None:
        self.noted: list[tuple[str, str, str]] = []
        self.data: list[Mapping[str, Value]] = []

    def note(self, who: str, what: str, on: str = "", data: Mapping[str, Value] | None = None) -> None:
        self.noted.append((who, what, on))
        self.data.append(data or {})

    def note_refusal(self, who: str, on: str, code: str) -> None:
        self.note(who, "refused", on, {"code": code})

    async def read(self, before: int | None, limit: int, who: str = "", what: str = "") -> list[Entry]:
        return []


class Accounts:
    """The agents of the exchange's desks, and the users that a test names: `users["li"] = …` or `add`."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.users: dict[str, User] = {}
        self.keeper = MemoryExpiring(exchange.wall)
        self.people = People(
            lambda: {agent_id: desk.agent for agent_id, desk in exchange.board.desks.items()}, lambda: self.users
        )
        self.sessions = Sessions(self.keeper, exchange.wall, self.people.stamp, self._in_call, 1800.0)
        self.guard = Guard(self.sessions, Tickets(self.sessions, exchange.wall), "the-admin-token")
        self.trail = NotedTrail()
        self.throttle = Throttle(self.keeper, exchange.wall)
        self.routes = AccountRoutes(self.guard, self.people, self.throttle, exchange, self.trail, self._set_password)

    def add(self, user_id: str, *roles: Role, password_hash: str = "") -> None:
        self.users[user_id] = User(user_id, user_id, frozenset(roles), password_hash)

    async def token(self, user_id: str) -> str:
        """A session, as if he had logged in."""
        person = self.people.find(user_id)
        assert person is not None, user_id
        return await self.sessions.begin(person)

    async def headers(self, user_id: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {await self.token(user_id)}"}

    def app(self, *routes: Iterable[web.AbstractRouteDef]) -> web.Application:
        """These routes behind the table of cti/web/access.py."""
        app = web.Application(middlewares=[errors, access])
        app[GUARD], app[EXCHANGE], app[TRAIL] = self.guard, self.exchange, self.trail
        for some in routes:
            app.add_routes(some)
        return app

    def _in_call(self, user_id: str) -> bool:
        desk = self.exchange.board.desks.get(AgentId(user_id))
        return desk is not None and desk.call_id is not None

    async def _set_password(self, user_id: str, password_hash: str) -> None:
        user = self.users[user_id]
        self.users[user_id] = User(user_id, user.name, user.roles, password_hash)


async def session_of(settings: Settings, user_id: str, now: float) -> str:
    """A session of a running system, as if he had logged in there: written to its Redis."""
    roster, users = RosterFile(settings.roster), UsersFile(settings.users)
    people = People(roster.read, users.read)
    keeper = RedisExpiring(settings.redis_url, settings.city.code)
    person = people.find(user_id) or Person(user_id, user_id, frozenset({Role.AGENT}))  # a test agent is in no file
    try:
        return await Sessions(keeper, lambda: now, people.stamp, lambda _: False, 1800.0).begin(person)
    finally:
        await keeper.close()
