"""Calls that Asterisk served alone become complete records, once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import orjson
import pytest
from structlog.testing import capture_logs

from cti.calls import CallFact, CallId, Milestone, Value
from cti.metrics.record import fold
from cti.storage.spool import Known, finish_import, import_spool, known_calls
from tests.support.calls import answered_call, milestone

EMPTY: Mapping[str, object] = {
    "pii_caller": "13800138000",
    "dialled": "12333",
    "original": "",
    "sip_call_id": "1-1@x",
    "channel": "PJSIP/trunk-1",
    "lost_at": 990,
    "queued_at": None,
    "queue_status": "",
    "queue_member": "",
    "dial_status": "",
    "talked_from": None,
}


def spooled(folder: Path, *lines: Mapping[str, object]) -> None:
    with (folder / "emergency.jsonl").open("ab") as file:
        for line in lines:
            file.write(orjson.dumps({**EMPTY, **line}) + b"\n")


def described(dialled: str) -> Mapping[str, Value]:
    return {"city": "dongguan", "mode": "dual", "statistics": dialled}


ARRIVED = {"phase": "arrived", "at": 1000.5, "uniqueid": "c1", "queued_at": 1000}
TALKED = {"dial_status": "ANSWER", "talked_from": 920, "lost_at": 1000}
ANSWERED = {"queue_status": "CONTINUE", "queue_member": "PJSIP/a1001", "talked_from": 1020}


def test_a_call_without_a_daemon_becomes_a_whole_record(tmp_path: Path) -> None:
    spooled(tmp_path, ARRIVED, {**ARRIVED, **ANSWERED, "phase": "ended", "at": 1080.0})
    record = fold(import_spool(tmp_path, {}, described))

    assert (record.arrived_at, record.queued_at, record.answered_at, record.ended_at) == (990, 1000, 1020, 1080)
    assert (record.pii_caller, record.city, record.mode, record.statistics) == (
        "13800138000",
        "dongguan",
        "dual",
        "12333",
    )
    assert (record.queue, record.agents, record.talk_s, record.lost_at) == ("fallback", ("a1001",), 60.0, None)
    assert (record.wait_queue_s, record.wait_total_s, record.ended_side) == (20.0, 30.0, "agent")
    assert record.fell_back


@pytest.mark.parametrize(("status", "side"), [("TIMEOUT", "system"), ("JOINEMPTY", "system"), ("", "caller")])
def test_a_call_that_nobody_answered_is_lost_in_the_fallback(tmp_path: Path, status: str, side: str) -> None:
    spooled(tmp_path, ARRIVED, {**ARRIVED, "phase": "ended", "at": 1300, "queue_status": status})
    record = fold(import_spool(tmp_path, {}))
    assert (record.answered, record.lost_at, record.ended_side) == (False, "fallback", side)


def test_a_caller_who_left_while_no_daemon_answered_is_a_call_too(tmp_path: Path) -> None:
    spooled(tmp_path, {"phase": "ended", "at": 995, "uniqueid": "c1"})
    record = fold(import_spool(tmp_path, {}))
    assert (record.arrived_at, record.ended_at, record.lost_at, record.queued_at) == (990, 995, "fallback", None)
    assert not record.fell_back


@pytest.mark.parametrize(("kept", "place"), [(7, "queue"), (4, "menu")])
def test_who_left_before_the_fallback_began_is_lost_where_the_daemon_lost_him(
    tmp_path: Path, kept: int, place: str
) -> None:
    begun = answered_call("c1", 900.0)[:kept]
    assert (begun[-1].kind == CallFact.QUEUED) == (place == "queue")
    spooled(tmp_path, {"phase": "ended", "at": 995, "uniqueid": "c1"})
    record = fold([*begun, *import_spool(tmp_path, known_calls(begun))])
    assert (record.lost_at, record.ended_place, record.ended_at) == (place, place, 995)


def test_a_call_that_a_daemon_had_goes_on_where_it_was(tmp_path: Path) -> None:
    begun = answered_call("c1", 900.0)[:7]
    assert begun[-1].kind == CallFact.QUEUED
    spooled(tmp_path, ARRIVED, {**ARRIVED, **ANSWERED, "phase": "ended", "at": 1080.0})
    made = import_spool(tmp_path, known_calls(begun))

    assert [m.kind for m in made] == ["fell_back", "answered", "talk_ended", "ended"]
    record = fold([*begun, *made])
    assert (record.queue, record.wait_queue_s, record.missing) == ("general", 1020 - 906, 0)


def test_a_conversation_that_outlived_the_daemon_is_closed_with_its_length(tmp_path: Path) -> None:
    begun = [m for m in answered_call("c1", 900.0) if m.at <= 920.0]
    assert begun[-1].kind == CallFact.ANSWERED
    spooled(tmp_path, {**TALKED, "phase": "ended", "at": 1010, "uniqueid": "c1"})
    record = fold([*begun, *import_spool(tmp_path, known_calls(begun))])
    assert (record.talk_s, record.lost_at, record.agents) == (80.0, None, ("a1002",))


def test_an_answer_that_the_dying_daemon_could_not_note_counts(tmp_path: Path) -> None:
    begun = answered_call("c1", 900.0)[:10]
    assert begun[-1].kind == CallFact.OFFERED
    spooled(tmp_path, {**TALKED, "phase": "ended", "at": 1010, "uniqueid": "c1"})
    record = fold([*begun, *import_spool(tmp_path, known_calls(begun))])
    assert (record.answered_at, record.talk_s, record.lost_at) == (920.0, 80.0, None)


def test_a_call_that_has_ended_stays_as_it_is(tmp_path: Path) -> None:
    spooled(tmp_path, ARRIVED, {**ARRIVED, "phase": "ended", "at": 1300})
    assert import_spool(tmp_path, known_calls(answered_call("c1", 900.0))) == []


def test_nothing_is_imported_twice(tmp_path: Path) -> None:
    spooled(tmp_path, ARRIVED, {**ARRIVED, "phase": "ended", "at": 1300})
    first = import_spool(tmp_path, {})
    assert len(first) == 5

    # The daemon died after its journal was durable and before the file was done with: it is read again.
    assert import_spool(tmp_path, known_calls(first)) == []
    # It died before: nothing was journaled, everything is made again, the same.
    assert import_spool(tmp_path, {}) == first
    finish_import(tmp_path)
    assert import_spool(tmp_path, {}) == []
    assert [path.name for path in tmp_path.iterdir()] == ["emergency.imported-1"]


def test_what_is_written_meanwhile_is_for_the_next_import(tmp_path: Path) -> None:
    spooled(tmp_path, ARRIVED)
    first = import_spool(tmp_path, {})
    spooled(tmp_path, {**ARRIVED, "phase": "ended", "at": 1300})
    finish_import(tmp_path)
    second = import_spool(tmp_path, known_calls(first))
    finish_import(tmp_path)
    assert [m.kind for m in second] == ["ended"]
    assert fold([*first, *second]).lost_at == "fallback"
    assert {path.name for path in tmp_path.iterdir()} == {"emergency.imported-1", "emergency.imported-2"}


def test_lines_that_cannot_be_read_are_named_and_passed_over(tmp_path: Path) -> None:
    rubbish = [b"{", b"[]", b'{"phase":"x","uniqueid":"c","at":1}', b'{"phase":"ended","uniqueid":"","at":1}', b"\xff"]
    (tmp_path / "emergency.jsonl").write_bytes(b"\n".join([*rubbish, b""]))
    spooled(tmp_path, {"phase": "ended", "at": 995, "uniqueid": "c1"})
    with capture_logs() as logs:
        made = import_spool(tmp_path, {})
    assert [m.id for m in made] == ["c1", "c1"]
    assert [(entry["event"], entry["line"]) for entry in logs] == [("spool_line_unreadable", n) for n in range(1, 6)]


def test_an_empty_or_missing_folder_is_nothing_to_do(tmp_path: Path) -> None:
    assert import_spool(tmp_path, {}) == []
    assert import_spool(tmp_path / "missing", {}) == []
    finish_import(tmp_path / "missing")


def test_known_calls_ignores_agents() -> None:
    lines = [milestone("c1", 1, CallFact.ARRIVED, 1.0), milestone("c1", 4, CallFact.ENDED, 2.0)]
    lines.append(Milestone("agent", "a1001", 9, 1.0, "logged_in"))
    assert known_calls(lines) == {CallId("c1"): Known(4, frozenset({"arrived", "ended"}))}
