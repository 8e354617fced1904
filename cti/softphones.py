"""Telephones in agents' browsers: a log-in takes one, and Asterisk is told what telephone everybody has."""

from __future__ import annotations

import math
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from agents.roster import SIP_REALM
from agents.status import Desk, Status
from agents.telephone import Telephone, softphone_password, telephone_of
from cti.calls import AgentFact, AgentId, Milestone
from cti.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Account:
    """What a page registers with."""

    uri: str
    user: str
    password: str = field(repr=False)
    realm: str
    video: bool
    auto_answer_s: float | None
    """So long after the first ring the page answers by itself; None: the agent does."""


class Softphones:
    """`key`: of the installation, equal on both daemons of a pair."""

    def __init__(self, exchange: Exchange, key: str, auto_answer_s: float | None, reattach_s: float = 0.0) -> None:
        self._exchange = exchange
        self._key = key
        self._auto_answer_s = auto_answer_s
        self._reattach_s = reattach_s

    def open(self, agent_id: AgentId) -> Account:
        """From now on his telephone is in his browser; asked again within one log-in, it is the same.

        StatusRefused if he is not logged in, KeyError if there is no such agent.
        """
        desks = self._exchange.board.desks
        if not desks[agent_id].softphone:
            self._exchange.agent(AgentFact.SOFTPHONE, agent_id, {"login": secrets.token_hex(8)})
        desk = desks[agent_id]
        return Account(
            uri=f"sip:{agent_id}@{SIP_REALM}",
            user=agent_id,
            password=softphone_password(self._key, agent_id, desk.softphone),
            realm=SIP_REALM,
            video=telephone_of(desk, self._key).video,
            auto_answer_s=self.auto_answer_s(desk),
        )

    def close(self, agent_id: AgentId) -> None:
        """His desk telephone is his again."""
        self._exchange.agent(AgentFact.SOFTPHONE, agent_id, {"login": ""})

    def may_connect(self, user: str) -> bool:
        """Whether a browser may speak SIP as this user now."""
        desk = self._exchange.board.desks.get(AgentId(user))
        return desk is not None and desk.softphone != ""

    def auto_answer_s(self, desk: Desk) -> float | None:
        """His own rule, else the one for all."""
        own = desk.agent.auto_answer_s
        return self._auto_answer_s if own is None else None if own == math.inf else own

    def reattach_s(self, agent_id: AgentId) -> float:
        """How long a citizen waits for him alone whose line went dead in the talk; 0: a telephone on a desk does not
        come back by itself."""
        return self._reattach_s if self.may_connect(agent_id) else 0.0

    def changed_by(self, milestone: Milestone) -> bool:
        """Whether somebody's telephone may be another one since."""
        if milestone.stream == "agent":
            return milestone.kind in (AgentFact.SOFTPHONE, AgentFact.LOGGED_OUT, AgentFact.SKILLS_TODAY)
        desk = self._exchange.board.desks.get(AgentId(str(milestone.data.get("agent"))))
        return desk is not None and desk.status is Status.OFFLINE  # in a call to its end: that may have been now

    def telephones(self) -> Mapping[str, Telephone]:
        """Of every agent, by SIP user."""
        return {agent_id: telephone_of(desk, self._key) for agent_id, desk in self._exchange.board.desks.items()}
