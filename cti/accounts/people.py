"""Who there is: the agents of the roster and the users of the users file, with what each may do."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from agents.roster import Agent
from cti.calls import AgentId

_ID = re.compile(r"[a-z][a-z0-9]{1,19}")


class UsersError(Exception):
    """The users file cannot be used; the text names file, line, user and what would be right."""


class Role(StrEnum):
    AGENT = "agent"
    """Has a desk: takes calls, sees and changes what is his."""
    SUPERVISOR = "supervisor"
    """班长: sees everybody's work, acts for agents, unlocks names."""
    ADMINISTRATOR = "administrator"
    """Changes how the hotline works, and who may do what."""
    AUDITOR = "auditor"
    """Reads records and the audit trail, changes nothing."""
    SCREEN = "screen"
    """A wallboard on a wall: is told the city's figures, and nothing of anybody. Nobody sits there to log in again."""
    GUEST = "guest"
    """A citizen with a link to one call; of no file."""


GIVEN = (Role.SUPERVISOR, Role.ADMINISTRATOR, Role.AUDITOR, Role.SCREEN)
"""What the users file can say; an agent is one by the roster."""


@dataclass(frozen=True, slots=True)
class User:
    """An entry of the users file. With the id of an agent it adds roles to him, and his password is the roster's."""

    id: str
    name: str
    roles: frozenset[Role]
    password_hash: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can have a session."""

    id: str
    name: str
    roles: frozenset[Role]
    password_hash: str = field(default="", repr=False)
    """"": cannot log in by password."""

    @property
    def stamp(self) -> str:
        """Another one when his roles or his password are others: a session that carries the old one is over."""
        text = " ".join([self.password_hash, *sorted(self.roles)])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class People:
    """Both files as one. The callables give what is in use now."""

    def __init__(self, roster: Callable[[], Mapping[AgentId, Agent]], users: Callable[[], Mapping[str, User]]) -> None:
        self._roster = roster
        self._users = users

    def find(self, user_id: str) -> Person | None:
        return _person(user_id, self._roster().get(AgentId(user_id)), self._users().get(user_id))

    def stamp(self, user_id: str) -> str | None:
        person = self.find(user_id)
        return person.stamp if person is not None else None

    def all(self) -> list[Person]:
        ids = dict.fromkeys([*self._roster(), *self._users()])
        return [person for one in ids if (person := self.find(one)) is not None]


def _person(user_id: str, agent: Agent | None, user: User | None) -> Person | None:
    if agent is not None:
        more = user.roles - {Role.SCREEN} if user is not None else frozenset()
        return Person(user_id, agent.name, more | {Role.AGENT}, agent.password_hash)
    return Person(user.id, user.name, user.roles, user.password_hash) if user is not None else None


def check_user_id(user_id: str) -> str:
    if not _ID.fullmatch(user_id):
        raise UsersError(f"user id {user_id!r}: must be a small letter and then 1 to 19 small letters or digits")
    return user_id


def check_roles(roles: Iterable[object]) -> frozenset[Role]:
    """What the users file may give; UsersError names what is none."""
    known = {str(role): role for role in GIVEN}
    found = list(roles)
    if wrong := [role for role in found if role not in known]:
        hint = "; agents are in the roster" if wrong[0] == Role.AGENT else ""
        raise UsersError(f"roles: {wrong[0]!r} is none of {', '.join(known)}{hint}")
    if not found:
        raise UsersError(f"roles: at least one of {', '.join(known)}")
    if str(Role.SCREEN) in found and len(set(found)) > 1:
        raise UsersError("roles: a screen's log-in lasts a year, so it is nothing else: give it a user of its own")
    return frozenset(known[str(role)] for role in found)


def read_users(text: str, name: str) -> dict[str, User]:
    """The users of a users file (TOML, one table `[user.<id>]` each). `name` is the file, for messages."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsersError(f"{name}: not valid TOML: {error}") from None
    for key in raw.keys() - {"user"}:
        raise UsersError(f"{name}:{_line(text, key)}: unknown table {key!r}; users are written as [user.li]")
    users = {}
    for user_id, entry in raw.get("user", {}).items():
        try:
            users[user_id] = _user(user_id, entry)
        except UsersError as error:
            raise UsersError(f"{name}:{_line(text, f'user.{user_id}')}: user {user_id}: {error}") from None
    return users


def _user(user_id: str, entry: object) -> User:
    if not isinstance(entry, dict):
        raise UsersError(f"must be a table [user.{user_id}]")
    if unknown := sorted(entry.keys() - {"name", "roles", "password_hash"}):
        raise UsersError(f"unknown key {unknown[0]!r}; known: name, roles, password_hash")
    roles = entry.get("roles")
    if not isinstance(roles, list):
        raise UsersError('roles: must be a list like ["supervisor"]')
    return User(
        check_user_id(user_id), str(entry.get("name", user_id)), check_roles(roles), str(entry.get("password_hash", ""))
    )


def _line(text: str, table: str) -> int:
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(rf"\s*\[+\s*{re.escape(table)}\s*[\].]", line):
            return number
    return 1
