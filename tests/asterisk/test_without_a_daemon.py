"""The dialplan's promise: a caller is kept when daemons die, and Asterisk serves him alone when none comes back."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from cti.asterisk.names import EMERGENCY_FILE, FALLBACK_QUEUE
from tests.asterisk.conftest import RunningAsterisk
from tests.support import sipp
from tests.support.raw_agi import RawAgi, Session
from tests.support.waiting import until

Call = Callable[..., sipp.Party]


def notes(asterisk: RunningAsterisk, party: sipp.Party) -> list[dict[str, object]]:
    """What the emergency script wrote about this call."""
    file: Path = asterisk.settings.spool_dir / EMERGENCY_FILE
    lines = file.read_text().splitlines() if file.exists() else []
    return [line for line in map(json.loads, lines) if line["sip_call_id"] == party.call_id()]


def take(session: Session) -> None:
    session.command('SET VARIABLE CTI_LOST_AT ""')
    session.command("ANSWER")


def test_no_daemon_at_all_the_caller_is_answered_by_the_fallback_and_noted(
    asterisk: RunningAsterisk, call: Call
) -> None:
    began = time.time()
    party = call(sipp.citizen(caller="13900001111", dialled="12345"))

    first, last = until(lambda: len(found := notes(asterisk, party)) == 2 and found, 25, "both notes")

    assert 9.5 <= first["at"] - began <= 13
    assert (first["phase"], last["phase"]) == ("arrived", "ended")
    assert first["pii_caller"] == "13900001111"
    assert first["dialled"] == "12345"
    assert str(first["uniqueid"]).startswith(asterisk.server.nonce + "-")
    assert first["uniqueid"] == last["uniqueid"]
    assert abs(first["lost_at"] - began) <= 1
    # nobody is logged in: the caller heard why and was let go, not left in an empty queue
    assert last["queue_status"] == "JOINEMPTY"
    assert last["talked_from"] is None
    assert party.wait(5) == 0, party.heard()
    heard = party.heard()
    assert heard.index("SIP/2.0 180 Ringing") < heard.index("SIP/2.0 200 OK")


def test_a_daemon_that_dies_in_mid_call_gets_the_call_back_within_two_seconds(
    asterisk: RunningAsterisk, call: Call
) -> None:
    times: list[float] = []

    def daemon(session: Session) -> None:
        times.append(time.monotonic())
        take(session)
        if len(times) == 1:
            session.die()
        else:
            session.command("SET VARIABLE CTI_DONE 1")
            session.command("HANGUP")

    with RawAgi(asterisk.settings.agi.port, daemon) as running:
        party = call(sipp.citizen())
        assert party.wait(10) == 0, party.heard()

    assert len(running.sessions) == 2
    assert running.sessions[0].env["agi_uniqueid"] == running.sessions[1].env["agi_uniqueid"]
    assert times[1] - times[0] < 2
    assert notes(asterisk, party) == []


def test_the_ten_seconds_begin_again_after_a_daemon_served_the_call(asterisk: RunningAsterisk, call: Call) -> None:
    entered: list[float] = []

    def daemon(session: Session) -> None:
        entered.append(time.monotonic())
        take(session)
        session.command("WAIT FOR DIGIT 3000")
        session.die()

    began = time.monotonic()
    party = call(sipp.citizen())
    time.sleep(4)  # no daemon yet: this is the wait itself, not a wait for a result
    with RawAgi(asterisk.settings.agi.port, daemon):
        until(lambda: entered, 3, "the daemon gets the call")
        time.sleep(2)
    lost = time.monotonic()

    first = until(lambda: notes(asterisk, party), 20, "the fallback notes the call")[0]

    assert time.monotonic() - lost > 8.5
    assert time.monotonic() - began > 15
    assert first["phase"] == "arrived"


def test_a_daemon_that_dies_of_every_call_is_not_asked_for_ever(asterisk: RunningAsterisk, call: Call) -> None:
    def crash(session: Session) -> None:
        take(session)
        session.die()

    with RawAgi(asterisk.settings.agi.port, crash) as daemon:
        party = call(sipp.citizen())
        until(lambda: notes(asterisk, party), 15, "the fallback notes the call")
        assert party.wait(10) == 0

    assert len(daemon.sessions) == 6


def test_a_citizen_who_has_talked_is_not_queued_again(asterisk: RunningAsterisk, call: Call) -> None:
    def dies_after_the_talk(session: Session) -> None:
        take(session)
        session.command("SET VARIABLE DIALSTATUS ANSWER")
        session.die()

    with RawAgi(asterisk.settings.agi.port, dies_after_the_talk) as daemon:
        party = call(sipp.citizen())
        until(lambda: daemon.sessions, 5, "the daemon gets the call")
        assert party.wait(20) == 0, party.heard()

    (note,) = until(lambda: notes(asterisk, party), 3, "one note")
    assert (note["phase"], note["dial_status"], note["queue_status"]) == ("ended", "ANSWER", "SERVED")


def test_who_gives_up_while_no_daemon_is_there_is_still_noted(asterisk: RunningAsterisk, call: Call) -> None:
    party = call(sipp.leaves_before_answer(after_ms=1000))
    assert party.wait(10) == 0, party.heard()

    (note,) = until(lambda: notes(asterisk, party), 3, "one note")
    assert note["phase"] == "ended"
    assert note["queued_at"] is None


def test_who_leaves_a_serving_daemon_is_the_daemons_own_business(asterisk: RunningAsterisk, call: Call) -> None:
    def waits(session: Session) -> None:
        take(session)
        session.command("WAIT FOR DIGIT 10000")

    with RawAgi(asterisk.settings.agi.port, waits):
        party = call(sipp.citizen(hangs_up_after_ms=500))
        assert party.wait(10) == 0, party.heard()

    assert notes(asterisk, party) == []


def test_the_fallback_queue_knows_the_agents_added_over_ami(asterisk: RunningAsterisk) -> None:
    with asterisk.ami_ctl() as actor:
        added = actor.action("QueueAdd", Queue=FALLBACK_QUEUE, Interface="PJSIP/a1001")
        assert added["Response"] == "Success", added
        assert "PJSIP/a1001" in asterisk.server.cli("queue", "show", FALLBACK_QUEUE)
        assert actor.action("QueueRemove", Queue=FALLBACK_QUEUE, Interface="PJSIP/a1001")["Response"] == "Success"
