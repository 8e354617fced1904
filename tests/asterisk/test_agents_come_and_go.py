"""Agents' telephones: they exist as soon as they are written, ring with the call's id, and may dial nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from cti.asterisk.names import AGENT_HEADERS, FALLBACK_QUEUE, HEADER_CALL, HEADER_LEG
from tests.asterisk.conftest import RunningAsterisk
from tests.asterisk.test_without_a_daemon import notes
from tests.support import sipp
from tests.support.ports import free_ports
from tests.support.provisioning import delete_agent, provision, put_agent
from tests.support.raw_agi import RawAgi, Session
from tests.support.waiting import until

Call = Callable[..., sipp.Party]
AGENT, PASSWORD = "a1001", "right-password"


@pytest.fixture
def telephone(asterisk: RunningAsterisk, call: Call) -> Iterator[sipp.Party]:
    """The agent's telephone, signed in; it answers one call and hangs up after a second."""
    provision(asterisk, put_agent(AGENT, PASSWORD))
    (port,) = free_ports(1)
    answering = call(sipp.answering(hangs_up_after_ms=1000), local_ip="127.0.0.1", port=port)
    signing_in = call(sipp.registration(AGENT, PASSWORD, port=port), local_ip="127.0.0.1")
    assert signing_in.wait(10) == 0, signing_in.heard()
    until(lambda: is_available(asterisk), 5, "his device state follows")
    yield answering
    provision(asterisk, delete_agent(AGENT))


def is_available(asterisk: RunningAsterisk) -> bool:
    """What DeviceStateList says, which is all that the daemon can ask about who is signed in."""
    with asterisk.ami_ro() as observer:
        observer.action("DeviceStateList")
        observer.event("DeviceStateListComplete")
        states = [event for event in observer.events if event.get("Device") == f"PJSIP/{AGENT}"]
    return bool(states) and states[-1]["State"] == "NOT_INUSE"


def test_an_agent_written_into_the_database_signs_in_and_one_deleted_does_not(
    asterisk: RunningAsterisk, call: Call
) -> None:
    def signs_in(password: str, *, refused: bool) -> None:
        party = call(sipp.registration(AGENT, password, refused=refused), local_ip="127.0.0.1")
        assert party.wait(10) == 0, party.heard()

    signs_in(PASSWORD, refused=True)

    provision(asterisk, put_agent(AGENT, PASSWORD))
    signs_in(PASSWORD, refused=False)
    signs_in("wrong-password", refused=True)

    provision(asterisk, delete_agent(AGENT))
    signs_in(PASSWORD, refused=True)
    assert AGENT not in asterisk.server.cli("pjsip", "show", "endpoints")


def test_the_telephone_learns_which_call_it_rings_for(
    asterisk: RunningAsterisk, call: Call, telephone: sipp.Party
) -> None:
    status: list[str] = []

    def connect(session: Session) -> None:
        session.command('SET VARIABLE CTI_LOST_AT ""')
        session.command("ANSWER")
        call_id = session.env["agi_uniqueid"]
        session.command(f'EXEC Dial "PJSIP/{AGENT},15,gb({AGENT_HEADERS}^s^1({call_id}^offer))"')
        status.append(session.command("GET VARIABLE DIALSTATUS"))
        session.command("SET VARIABLE CTI_DONE 1")
        session.command("HANGUP")

    with RawAgi(asterisk.settings.agi.port, connect) as daemon:
        citizen = call(sipp.citizen(caller="13800138000"))
        assert citizen.wait(15) == 0, citizen.heard()

    assert status == ["200 result=1 (ANSWER)"]
    assert telephone.wait(5) == 0, telephone.heard()
    invite = telephone.heard()
    assert f"{HEADER_CALL}: {daemon.sessions[0].env['agi_uniqueid']}" in invite
    assert f"{HEADER_LEG}: offer" in invite
    assert "<sip:13800138000@" in invite


def test_the_fallback_queue_rings_the_agents_and_notes_who_answered(
    asterisk: RunningAsterisk, call: Call, telephone: sipp.Party
) -> None:
    member = {"Queue": FALLBACK_QUEUE, "Interface": f"PJSIP/{AGENT}"}
    with asterisk.ami_ctl() as actor:
        assert actor.action("QueueAdd", **member)["Response"] == "Success"
        try:
            citizen = call(sipp.citizen())
            assert citizen.wait(30) == 0, citizen.heard()
        finally:
            actor.action("QueueRemove", **member)

    last = until(lambda: len(found := notes(asterisk, citizen)) == 2 and found[1], 5, "both notes")
    assert telephone.wait(5) == 0, telephone.heard()
    assert last["queue_status"] == "CONTINUE"
    assert last["queue_member"] == f"PJSIP/{AGENT}"
    assert last["queued_at"] <= last["talked_from"] <= last["at"]


def test_an_agent_who_dials_a_number_is_told_and_reaches_nobody(asterisk: RunningAsterisk, call: Call) -> None:
    provision(asterisk, put_agent(AGENT, PASSWORD))
    party = call(sipp.dialling(AGENT, PASSWORD, "13800138000"), local_ip="127.0.0.1")

    assert party.wait(20) == 0, party.heard()

    provision(asterisk, delete_agent(AGENT))
