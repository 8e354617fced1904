"""Accounts as they are changed: agents in the roster, everybody else in the users file, some in both."""

from __future__ import annotations

from collections.abc import Collection

from cti.accounts.passwords import hash_password
from cti.accounts.people import People, Person, Role, UsersError
from cti.roster_file import RosterFile
from cti.settings import Settings
from cti.users_file import UsersFile


class AccountFiles:
    """Every method may raise RosterError or UsersError, and changes a file as a whole or not at all."""

    def __init__(self, settings: Settings) -> None:
        self.roster, self.users = RosterFile(settings.roster), UsersFile(settings.users)

    def people(self) -> list[Person]:
        roster, users = self.roster.read(), self.users.read()
        return People(lambda: roster, lambda: users).all()

    def add(self, user_id: str, name: str, roles: Collection[Role], password: str) -> None:
        """Somebody who is no agent. One who is there gets this password, and keeps what is not given."""
        if user_id in self.roster.read():
            raise UsersError(f"{user_id} is an agent already: give him more roles, or remove him")
        self.users.put(user_id, name=name, roles=roles, password_hash=hash_password(password))

    def set_roles(self, user_id: str, roles: Collection[Role]) -> None:
        """Exactly these. An agent stays one: he is made and removed with his telephone and skills."""
        is_agent = user_id in self.roster.read()
        if is_agent != (Role.AGENT in roles):
            raise UsersError(
                f"{user_id} is an agent: remove him, or leave him the role"
                if is_agent
                else f"{user_id} is no agent: add him as one, with skills and a telephone"
            )
        more = [role for role in roles if role is not Role.AGENT]
        known = user_id in self.users.read()
        if not is_agent and not known:
            raise UsersError(f"there is no user {user_id}")
        if more:
            self.users.put(user_id, roles=more)
        elif known:
            self.users.remove(user_id)

    def set_password(self, user_id: str, password_hash: str) -> None:
        """For logging in; an agent's telephone keeps its own."""
        if user_id in self.roster.read():
            self.roster.set_password(user_id, password_hash)
        elif user_id in self.users.read():
            self.users.put(user_id, password_hash=password_hash)
        else:
            raise UsersError(f"there is no user {user_id}")

    def remove(self, user_id: str) -> None:
        is_agent, is_user = user_id in self.roster.read(), user_id in self.users.read()
        if is_agent:
            self.roster.remove(user_id)
        if is_user:
            self.users.remove(user_id)
        if not is_agent and not is_user:
            raise UsersError(f"there is no user {user_id}")
