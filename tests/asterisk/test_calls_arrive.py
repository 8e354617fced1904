"""From the trunk to the daemon's door: who is let in, and what of him the daemon gets to see."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from cti.asterisk.names import CITIZEN_ARGS, CitizenArg
from tests.asterisk.conftest import RunningAsterisk
from tests.support import sipp
from tests.support.raw_agi import RawAgi, Session

Call = Callable[..., sipp.Party]


def hang_up_done(session: Session) -> None:
    session.command('SET VARIABLE CTI_LOST_AT ""')
    session.command("ANSWER")
    session.command("SET VARIABLE CTI_DONE 1")
    session.command("HANGUP")


def arrive(asterisk: RunningAsterisk, call: Call, scenario: str) -> Session:
    """One call through the trunk; the session that the daemon got."""
    with RawAgi(asterisk.settings.agi.port, hang_up_done) as daemon:
        party = call(scenario)
        assert party.wait(10) == 0, party.heard()
    assert len(daemon.sessions) == 1
    return daemon.sessions[0]


def test_a_call_from_the_trunk_reaches_the_daemon_with_its_facts(asterisk: RunningAsterisk, call: Call) -> None:
    session = arrive(asterisk, call, sipp.citizen(caller="13800138000", dialled="12333"))

    args = dict(zip(CITIZEN_ARGS, session.args, strict=True))
    assert session.env["agi_network_script"] == "citizen"
    assert session.env["agi_callerid"] == "13800138000"
    assert session.env["agi_uniqueid"].startswith(asterisk.server.nonce + "-")
    assert args[CitizenArg.DIALLED] == "12333"
    assert re.fullmatch(r"1-\d+@127\.0\.0\.2", args[CitizenArg.SIP_CALL_ID])
    assert args[CitizenArg.ORIGINAL] == args[CitizenArg.DIAL_STATUS] == args[CitizenArg.ANSWERED_AT] == ""
    assert args[CitizenArg.MEDIUM] == "voice"


def test_a_diverted_call_brings_the_number_dialled_first(asterisk: RunningAsterisk, call: Call) -> None:
    diversion = 'Diversion: "${SHELL(id)}" <sip:+8676912333@127.0.0.2>;reason=unconditional'

    session = arrive(asterisk, call, sipp.citizen(headers=(diversion,)))

    assert session.args[2] == "+8676912333"
    assert session.env["agi_rdnis"] == "+8676912333"


@pytest.mark.parametrize(
    "caller",
    ["anonymous", "%22%3b$%7bSHELL(id)%7d,x", "%0d%0aEvent:%20Shutdown%0d%0a", "a%00b", "+%E2%80%AE", "()$%5b1/0%5d"],
)
def test_nothing_of_a_hostile_number_or_name_reaches_the_daemon(
    asterisk: RunningAsterisk, call: Call, caller: str
) -> None:
    session = arrive(asterisk, call, sipp.citizen(caller=caller, name='"${SHELL(id)}, \u202e\\n agi_arg_1: x"'))

    assert re.fullmatch(r"[0-9+]{0,24}|unknown", session.env["agi_callerid"])
    assert session.env["agi_calleridname"] == "unknown"
    assert set(session.env) <= KNOWN_ENVIRONMENT
    for key, value in session.env.items():
        assert re.fullmatch(r"[A-Za-z0-9 ./:@_+~-]*", value), key


KNOWN_ENVIRONMENT = {
    *("agi_network", "agi_network_script", "agi_request", "agi_channel", "agi_language", "agi_type", "agi_uniqueid"),
    *("agi_version", "agi_callerid", "agi_calleridname", "agi_callingpres", "agi_callingani2", "agi_callington"),
    *("agi_callingtns", "agi_dnid", "agi_rdnis", "agi_context", "agi_extension", "agi_priority", "agi_enhanced"),
    *("agi_accountcode", "agi_threadid", *(f"agi_arg_{n}" for n in range(1, len(CITIZEN_ARGS) + 1))),
}


def test_an_overlong_number_is_cut(asterisk: RunningAsterisk, call: Call) -> None:
    session = arrive(asterisk, call, sipp.citizen(caller="1" * 60))

    assert session.env["agi_callerid"] == "1" * 24


@pytest.mark.parametrize("dialled", ["1", "1" * 21, "12345%0d%0aX:y", "abc", "12345,1&PJSIP/a1001", "s", "h"])
def test_what_is_not_a_number_cannot_be_dialled(asterisk: RunningAsterisk, call: Call, dialled: str) -> None:
    with RawAgi(asterisk.settings.agi.port, hang_up_done) as daemon:
        party = call(sipp.citizen(dialled=dialled, refused_with=404))
        assert party.wait(10) == 0, party.heard()

    assert daemon.sessions == []


@pytest.mark.parametrize("caller", ["13800138000", "trunk"])
def test_a_call_from_an_unknown_address_is_refused(asterisk: RunningAsterisk, call: Call, caller: str) -> None:
    with RawAgi(asterisk.settings.agi.port, hang_up_done) as daemon:
        party = call(sipp.citizen(caller=caller, refused_with=401), local_ip="127.0.0.3")
        assert party.wait(10) == 0, party.heard()

    assert daemon.sessions == []
