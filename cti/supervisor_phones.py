"""The telephone in a supervisor's browser: he has one from the moment he asks until his session ends.

Nothing of it outlives this process: a page whose connection was lost asks again. Its name cannot be an agent's, so its
calls are nobody's but his.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping

from agents.roster import SIP_REALM, sip_ha1
from agents.telephone import Telephone
from cti.accounts.sessions import Session
from cti.softphones import Account


class SupervisorPhones:
    """`changed` after anything that changes `telephones`."""

    def __init__(self, changed: Callable[[], object]) -> None:
        self._changed = changed
        self._passwords: dict[str, str] = {}
        """By SIP user."""

    def open(self, user: str) -> Account:
        """Asked again, the answer is the same."""
        name = sip_user(user)
        if name not in self._passwords:
            self._passwords[name] = secrets.token_hex(16)
            self._changed()
        return Account(
            uri=f"sip:{name}@{SIP_REALM}",
            user=name,
            password=self._passwords[name],
            realm=SIP_REALM,
            video=False,
            auto_answer_s=0.0,
        )

    def close(self, user: str) -> None:
        if self._passwords.pop(sip_user(user), None) is not None:
            self._changed()

    def session_ended(self, session: Session, _why: str) -> None:
        """For `Sessions.on_end`. Another session of his asks again."""
        self.close(session.user)

    def may_connect(self, name: str) -> bool:
        return name in self._passwords

    def dial(self, user: str) -> str:
        """Asterisk's dial string; "": he has none open."""
        return f"PJSIP/{sip_user(user)}" if self.may_connect(sip_user(user)) else ""

    def telephones(self) -> Mapping[str, Telephone]:
        return {name: Telephone(sip_ha1(name, password), browser=True) for name, password in self._passwords.items()}


def sip_user(user: str) -> str:
    return f"s-{user}"


def is_browser(dial: str) -> bool:
    """Whether this dial string is of such a telephone."""
    return dial.startswith(f"PJSIP/{sip_user('')}")
