"""Log in, log out, who am I, a ticket for a WebSocket, a new password, unlocking a name."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiohttp import web
from pydantic import Field

from agents.status import Status
from cti.accounts.passwords import Passwords, TooBusy, WeakPassword, check_new
from cti.accounts.people import People, Person, Role
from cti.accounts.sessions import Session, csrf_of, key_of, lasts_s
from cti.accounts.throttle import Locked, Throttle
from cti.accounts.trail import Trail
from cti.calls import AgentFact, AgentId, Milestone
from cti.exchange import Exchange
from cti.web.http import COOKIE, Body, Guard, Refused, body_of, json_response, token_of, who


class Login(Body):
    user: str = Field(max_length=64)
    password: str = Field(max_length=200)
    seat: str = Field("", max_length=40)
    force: bool = False
    """Log out where he is logged in already."""


class NewPassword(Body):
    old: str = Field(max_length=200)
    new: str = Field(max_length=200)


class AccountRoutes:
    """`set_password`: keeps the hash of this user's new password; returns when it is in use."""

    def __init__(
        self,
        guard: Guard,
        people: People,
        throttle: Throttle,
        exchange: Exchange,
        trail: Trail,
        set_password: Callable[[str, str], Awaitable[None]],
    ) -> None:
        self._guard = guard
        self._people = people
        self._throttle = throttle
        self._passwords = Passwords()
        self._exchange = exchange
        self._trail = trail
        self._set_password = set_password

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/login", self._login),
            web.post("/api/logout", self._logout),
            web.get("/api/me", self._me),
            web.post("/api/socket-ticket", self._ticket),
            web.post("/api/password", self._password),
            web.post("/api/accounts/{id}/unlock", self._unlock),
        ]

    def heard(self, batch: Sequence[Milestone]) -> None:
        """With each batch of durable milestones: who is logged out at his desk has no session either."""
        for milestone in batch:
            if milestone.stream == "agent" and milestone.kind in (AgentFact.LOGGED_OUT, AgentFact.REMOVED):
                for session in self._guard.sessions.of(milestone.id):
                    if session.began_at <= milestone.at:
                        self._guard.sessions.end(session.key, "logout")

    async def token_of(self, agent_id: AgentId) -> str:
        """A session without a password, for a test agent, who has none."""
        person = self._people.find(agent_id)
        if person is None:
            raise KeyError(agent_id)
        return await self._guard.sessions.begin(person)

    async def _login(self, request: web.Request) -> web.Response:
        body = await body_of(request, Login)
        person = await self._checked(body.user, body.password, address_of(request))
        sessions, here = self._guard.sessions, request.cookies.get(COOKIE, "")
        mine = sessions.get(key_of(here)) if here else None
        others = [session for session in sessions.of(person.id) if mine is None or session.key != mine.key]
        if Role.AGENT in person.roles:
            if others and not body.force:
                raise _elsewhere(others[-1])
            sessions.end_all_of(person.id, "taken_over")
            self._begin_at_desk(AgentId(person.id))
        if mine is not None and mine.user != person.id:
            await self._log_out(mine)
        elif mine is not None:
            sessions.end(mine.key, "taken_over")
        token = await sessions.begin(person, body.seat)
        self._trail.note(person.id, "logged_in", data={"seat": body.seat, "pii_address": address_of(request)})
        return self._with_cookie(request, person, body.seat, token)

    def _begin_at_desk(self, agent_id: AgentId) -> None:
        """Nobody is ready by logging in, even if he was when he logged in somewhere else."""
        self._exchange.agent(AgentFact.LOGGED_IN, agent_id)
        if self._exchange.board.desks[agent_id].status is Status.READY:
            self._exchange.agent(AgentFact.STATUS, agent_id, {"status": "break", "reason": "logged_in"})

    async def _logout(self, request: web.Request) -> web.Response:
        asking = who(request)
        if asking.session is None:
            raise Refused(400, "no_session", "the administrator's token of the installation is no session")
        await self._log_out(asking.session)
        answer = json_response({})
        answer.del_cookie(COOKIE, path="/")
        return answer

    async def _log_out(self, session: Session) -> None:
        await self._guard.sessions.end_and_tell(session.key, "logout")
        if session.user in self._exchange.board.desks and Role.AGENT in session.roles:
            self._exchange.agent(AgentFact.LOGGED_OUT, AgentId(session.user), {"reason": "logout"})
        self._trail.note(session.user, "logged_out")

    async def _me(self, request: web.Request) -> web.Response:
        asking = who(request)
        person = self._people.find(asking.id) or Person(asking.id, asking.id, asking.roles)
        seat = asking.session.seat if asking.session is not None else ""
        return json_response(
            {"user": _user(person, seat), "csrf": csrf_of(_token(request)) if asking.session is not None else ""}
        )

    async def _ticket(self, request: web.Request) -> web.Response:
        asking = who(request)
        if asking.session is None:
            raise Refused(400, "no_session", "a program opens a WebSocket with its token")
        return json_response({"ticket": self._guard.tickets.make(asking.session)})

    async def _password(self, request: web.Request) -> web.Response:
        asking, body = who(request), await body_of(request, NewPassword)
        if asking.session is None:
            raise Refused(400, "no_session", "this token has no password")
        try:
            check_new(body.new, asking.id)
        except WeakPassword as weak:
            raise Refused(400, "weak_password", str(weak)) from None
        await self._checked(asking.id, body.old, address_of(request))
        await self._set_password(asking.id, await self._passwords.hash(body.new))
        self._guard.sessions.renew(asking.session.key, self._people.find(asking.id))
        self._guard.sessions.end_all_of(asking.id, "changed", but=asking.session.key)
        self._trail.note(asking.id, "password_changed", asking.id)
        return json_response({})

    async def _unlock(self, request: web.Request) -> web.Response:
        await self._throttle.unlock(request.match_info["id"])
        self._trail.note(who(request).id, "unlocked", request.match_info["id"])
        return json_response({})

    async def _checked(self, user_id: str, password: str, address: str) -> Person:
        """The person whose password this is. Refused in the same words whether there is such a user or not."""
        try:
            await self._throttle.take(user_id, address)
        except Locked as locked:
            raise self._locked(locked.until, is_name=locked.is_name) from None
        person = self._people.find(user_id)
        try:
            right = await self._passwords.right(person.password_hash if person else "", password)
        except TooBusy:
            await self._throttle.not_checked(user_id, address)
            raise Refused(503, "busy", "too many log in at this moment: try again") from None
        if not right or person is None:
            until = self._throttle.locked_until(user_id)
            # A name that nobody has is not noted: it may be a password, typed into the wrong field.
            what = "login_locked" if until else "login_refused"
            self._trail.note(person.id if person else "", what, data={"pii_address": address})
            if until:
                raise self._locked(until, is_name=True)
            left = self._throttle.left(user_id)
            raise Refused(401, "wrong_password", f"user or password is wrong, {left} tries left", {"tries_left": left})
        await self._throttle.right(user_id, address)
        return person

    def _locked(self, until: float, *, is_name: bool) -> Refused:
        seconds = max(1, round(until - self._exchange.wall()))
        text = "locked after too many wrong passwords" if is_name else "too many wrong passwords from this address"
        return Refused(429, "locked" if is_name else "address_locked", text, {"until": until, "seconds": seconds})

    def _with_cookie(self, request: web.Request, person: Person, seat: str, token: str) -> web.Response:
        answer = json_response({"user": _user(person, seat), "csrf": csrf_of(token), "token": token})
        set_cookie(request, answer, COOKIE, token, lasts_s(person))
        return answer


def set_cookie(request: web.Request, answer: web.Response, name: str, token: str, lasts_s: float) -> None:
    """For no script and no other site to read, and over TLS alone where there is TLS."""
    answer.set_cookie(
        name, token, max_age=int(lasts_s), path="/", httponly=True, samesite="Strict", secure=is_tls(request)
    )


def is_tls(request: web.Request) -> bool:
    """Whether the browser came by TLS, to us or to a proxy before us."""
    return request.secure or request.headers.get("X-Forwarded-Proto") == "https"


def address_of(request: web.Request) -> str:
    """Where the request comes from; a proxy on this machine says for whom it asks."""
    address = request.remote or ""
    said = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    try:
        return said if said and ipaddress.ip_address(address).is_loopback else address
    except ValueError:
        return address


def _token(request: web.Request) -> str:
    return token_of(request) or request.cookies.get(COOKIE, "")


def _user(person: Person, seat: str) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.name,
        "roles": sorted(person.roles),
        "agent": Role.AGENT in person.roles,
        "seat": seat,
    }


def _elsewhere(session: Session) -> Refused:
    return Refused(
        409,
        "logged_in_elsewhere",
        "you are logged in already; with force you are logged out there",
        {"seat": session.seat, "since": session.began_at},
    )
