"""Agents' telephones in a running Asterisk, written as the daemon writes them: by AGI, without a file or a reload."""

from __future__ import annotations

import json
from typing import Any

from cti.asterisk.names import (
    CONTEXT_AGENT,
    CONTEXT_PROVISION,
    CTI_RELOAD,
    DB_AOR,
    DB_AUTH,
    DB_ENDPOINT,
    PROVISION_CHANNEL,
    PROVISION_WAIT_EXTEN,
)
from tests.support.raw_agi import RawAgi, Session
from tests.support.waiting import until

_RELOAD = f"SET VARIABLE {CTI_RELOAD} 1"


def put_agent(agent: str, password: str) -> list[str]:
    """The commands that make the agent exist."""
    objects = {
        DB_AUTH: {"auth_type": "userpass", "username": agent, "password": password},
        DB_AOR: {"max_contacts": "1", "remove_existing": "yes"},
        DB_ENDPOINT: {"aors": agent, "auth": agent, "context": CONTEXT_AGENT, "disallow": "all", "allow": "alaw"},
    }
    return [_RELOAD, *(_put(family, agent, value) for family, value in objects.items())]


def delete_agent(agent: str) -> list[str]:
    return [_RELOAD, *(f"DATABASE DEL {family} {agent}" for family in (DB_AUTH, DB_AOR, DB_ENDPOINT))]


def provision(asterisk: Any, commands: list[str]) -> None:
    """Asks `asterisk` (tests/asterisk/conftest.py) for a provisioning session and gives the commands in it."""
    replies: list[str] = []

    def daemon(session: Session) -> None:
        assert session.env["agi_network_script"] == "provision"
        replies.extend(session.command(command) for command in commands)

    with RawAgi(asterisk.settings.agi.port, daemon), asterisk.ami_ctl() as actor:
        asked = actor.action(
            "Originate",
            Channel=PROVISION_CHANNEL,
            Context=CONTEXT_PROVISION,
            Exten=PROVISION_WAIT_EXTEN,
            Priority="1",
            Async="true",
        )
        assert asked["Response"] == "Success", asked
        assert actor.event("OriginateResponse")["Response"] == "Success"
        until(lambda: len(replies) == len(commands), 5, "every command is answered")
    assert set(replies) == {"200 result=1"}


def _put(family: str, key: str, value: dict[str, str]) -> str:
    quoted = json.dumps(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'DATABASE PUT {family} {key} "{quoted}"'
