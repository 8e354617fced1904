"""Agents' telephones in Asterisk: written into its database through a FastAGI session of our own.

A session rather than AMI DBPut, because that action would need the right `system`, which no AMI user of ours has. The
endpoints exist at once, without a reload and without a file (sorcery.conf reads them from the database).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Protocol

import structlog

from agents.roster import SIP_REALM, Agent
from cti.asterisk import names
from cti.asterisk.agi import AgiSession
from cti.asterisk.ami import AmiError, AmiEvent
from cti.calls import AgentId

log = structlog.get_logger()


class Actions(Protocol):
    async def action(self, name: str, *headers: tuple[str, str], timeout_s: float = 2.0) -> Mapping[str, str]: ...


class Lists(Protocol):
    async def list_action(self, name: str, *headers: tuple[str, str], timeout_s: float = 5.0) -> list[AmiEvent]: ...


class Provisioner:
    """Keeps Asterisk's telephones equal to the roster. `request` after any change and after each AMI connection."""

    def __init__(
        self, read: Lists, act: Actions, agents: Callable[[], Mapping[AgentId, Agent]], rtp_timeout_s: int = 8
    ) -> None:
        self._rtp_timeout_s = rtp_timeout_s
        self._read = read
        self._act = act
        self._agents = agents
        self._wanted = asyncio.Event()
        self._done = asyncio.Condition()
        self._written: dict[AgentId, str] = {}
        """What stands in the database: the digest where this process wrote it, "" where it was found. So a fresh one
        writes everything once, which changes nothing that is right, and takes away who left while none was there."""
        self._looked = False
        self._serving = asyncio.Lock()

    def request(self, forget: bool = False) -> None:
        """Asks for a round; `forget`: Asterisk may have lost what was written (it was started anew)."""
        if forget:
            self._written.clear()
            self._looked = False
        self._wanted.set()

    async def settled(self) -> None:
        """Until every telephone of the present roster is written."""
        async with self._done:
            await self._done.wait_for(self._is_settled)

    def _is_settled(self) -> bool:
        wanted = {agent.id: agent.sip_ha1 for agent in self._agents().values() if agent.sip_ha1}
        return wanted == self._written

    async def run(self) -> None:
        """Until cancelled: opens a session whenever something is to be written."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            if not self._looked:
                await self._look()
            if self._is_settled():
                async with self._done:
                    self._done.notify_all()
                continue
            try:
                await self._act.action(
                    "Originate",
                    ("Channel", names.PROVISION_CHANNEL),
                    ("Context", names.CONTEXT_PROVISION),
                    ("Exten", names.PROVISION_WAIT_EXTEN),
                    ("Priority", "1"),
                    ("Timeout", "10000"),
                    ("Async", "true"),
                )
            except AmiError as error:
                log.warning("provision_postponed", problem=str(error))
                await asyncio.sleep(0.5)
                self._wanted.set()

    async def _look(self) -> None:
        """Notes whose telephones stand in the database; without an answer the next request asks again."""
        try:
            listed = await self._read.list_action("DBGetTree", ("Family", names.DB_AUTH))
        except AmiError as error:
            log.info("provision_look_postponed", problem=str(error))
            return
        self._looked = True
        for event in listed:
            if event.name == "DBGetTreeResponse":
                self._written.setdefault(AgentId(event.fields.get("Key", "").rpartition("/")[2]), "")

    async def serve(self, session: AgiSession) -> None:
        """The AGI route `provision`: brings the database up to the roster. Of two sessions at once one waits."""
        async with self._serving:
            wanted = {agent.id: agent.sip_ha1 for agent in self._agents().values() if agent.sip_ha1}
            for agent_id, ha1 in wanted.items():
                if self._written.get(agent_id) != ha1:
                    for family, value in telephone(agent_id, ha1, self._rtp_timeout_s).items():
                        await session.database_put(family, agent_id, json.dumps(value, separators=(",", ":")))
                    self._written[agent_id] = ha1
            for agent_id in self._written.keys() - wanted.keys():
                for family in (names.DB_ENDPOINT, names.DB_AOR, names.DB_AUTH):
                    await session.database_del(family, agent_id)
                self._written.pop(agent_id, None)
        async with self._done:
            self._done.notify_all()


def telephone(agent_id: AgentId, ha1: str, rtp_timeout_s: int) -> dict[str, dict[str, str]]:
    """The PJSIP objects of one agent's telephone by family of the database; the endpoint comes last.

    A telephone that has gone without a word is known in at most 7 + 2.5 s, and not rung any more.
    """
    return {
        names.DB_AUTH: {"auth_type": "md5", "username": agent_id, "realm": SIP_REALM, "md5_cred": ha1},
        names.DB_AOR: {
            "max_contacts": "1",
            "remove_existing": "yes",
            "minimum_expiration": "30",
            "default_expiration": "300",
            "qualify_frequency": "7",
            "qualify_timeout": "2.5",
        },
        names.DB_ENDPOINT: {
            "auth": agent_id,
            "aors": agent_id,
            "context": names.CONTEXT_AGENT,
            "allow": "!all,alaw,ulaw",
            "direct_media": "no",
            "dtmf_mode": "rfc4733",
            "rtp_symmetric": "yes",
            "force_rport": "yes",
            "rtp_timeout": str(rtp_timeout_s),
        },
    }
