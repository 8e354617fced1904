"""Agents are written into the Asterisk database through an AGI session, and exist at once: no file, no reload."""

from __future__ import annotations

import json
from collections.abc import Callable

from cti.asterisk.names import (
    CONTEXT_AGENT,
    CONTEXT_PROVISION,
    DB_AOR,
    DB_AUTH,
    DB_ENDPOINT,
    PROVISION_CHANNEL,
    PROVISION_WAIT_EXTEN,
)
from tests.asterisk.conftest import RunningAsterisk
from tests.support import sipp
from tests.support.raw_agi import RawAgi, Session
from tests.support.waiting import until

Call = Callable[..., sipp.Party]
AGENT = "a1001"
OBJECTS = {
    DB_AUTH: {"auth_type": "userpass", "username": AGENT, "password": "right-password"},
    DB_AOR: {"max_contacts": "1", "remove_existing": "yes"},
    DB_ENDPOINT: {"aors": AGENT, "auth": AGENT, "context": CONTEXT_AGENT, "disallow": "all", "allow": "alaw"},
}


def provision(asterisk: RunningAsterisk, commands: list[str]) -> None:
    """Asks for a provisioning session as the daemon does, and gives the commands in it."""
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


def put(family: str, key: str, value: dict[str, str]) -> str:
    quoted = json.dumps(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'DATABASE PUT {family} {key} "{quoted}"'


def test_an_agent_written_into_the_database_signs_in_and_one_deleted_does_not(
    asterisk: RunningAsterisk, call: Call
) -> None:
    def signs_in(password: str, *, refused: bool) -> None:
        party = call(sipp.registration(AGENT, password, refused=refused), local_ip="127.0.0.1")
        assert party.wait(10) == 0, party.heard()

    signs_in("right-password", refused=True)

    provision(asterisk, [put(family, AGENT, value) for family, value in OBJECTS.items()])
    signs_in("right-password", refused=False)
    signs_in("wrong-password", refused=True)

    provision(asterisk, [f"DATABASE DEL {family} {AGENT}" for family in OBJECTS])
    signs_in("right-password", refused=True)
    assert AGENT not in asterisk.server.cli("pjsip", "show", "endpoints")
