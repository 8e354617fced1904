"""What every store promises, over memory, SQLite and PostgreSQL."""

from __future__ import annotations

import dataclasses
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from cti.calls import AgentFact, CallFact, CallId, CityFact, Milestone, Value
from cti.metrics.half_hours import half_hours
from cti.metrics.record import CallRecord, fold
from cti.storage.memory import MemoryStore
from cti.storage.segments import Position
from cti.storage.store import Store
from tests.support.calls import answered_call, lost_call, milestone


def test_a_call_gets_its_record_when_its_end_is_drained(store: Store) -> None:
    call = answered_call("c1", arrived_at=1000.0)

    assert store.drain(call[:-1]) == len(call) - 1
    assert store.call(CallId("c1")) is None
    assert store.open_calls(0, 2000) == 1

    assert store.drain(call[-1:]) == 1
    assert store.call(CallId("c1")) == fold(call)
    assert store.open_calls(0, 2000) == 0


def test_milestones_come_back_as_they_went_in(store: Store) -> None:
    call = answered_call("c1", arrived_at=1763750000.123456)
    status = Milestone("agent", "a1001", 1763750000123456, 1.5, AgentFact.STATUS, {"status": "ready", "reason": None})
    store.drain([*reversed(call), status])

    assert store.milestones("c1") == call
    assert store.milestones("a1001", "agent") == [status]
    assert store.milestones("a1001") == []
    assert store.milestones("nobody") == []


def test_what_comes_after_the_end_is_in_the_record(store: Store) -> None:
    call = answered_call("c1", arrived_at=1000.0)
    store.drain(call)
    noted = next(m for m in call if m.kind == CallFact.RECORDED)
    data = {**noted.data, "bytes": 7}
    store.drain([dataclasses.replace(noted, seq=call[-1].seq + 1, kind=CallFact.RECORDED_LATE, data=data)])
    record = store.call(CallId("c1"))
    assert record is not None
    assert [one.bytes for one in record.recordings] == [7]
    assert store.contradictions(0, 2000) == {}


def test_repeats_are_not_new_and_change_nothing(store: Store) -> None:
    call = answered_call("c1", arrived_at=1000.0)
    store.drain(call)
    before = store.call(CallId("c1"))

    assert store.drain(call) == 0
    assert store.drain([*call[3:6], *call[3:6]]) == 0
    assert store.drain([]) == 0
    assert store.call(CallId("c1")) == before
    assert store.milestones("c1") == call


def test_a_repeat_within_one_batch_counts_once(store: Store) -> None:
    first = milestone("c1", 1, CallFact.ARRIVED, 1000.0)
    assert store.drain([first, first]) == 1


def test_calls_of_a_period_by_arrival(store: Store) -> None:
    other_number = [
        dataclasses.replace(m, data={**m.data, "statistics": "12345"}) if m.kind == CallFact.ARRIVED else m
        for m in lost_call("c3", arrived_at=1500.0)
    ]
    store.drain([*answered_call("c2", arrived_at=1999.0), *other_number, *lost_call("c1", arrived_at=1000.0)])
    store.drain([milestone("c4", 1, CallFact.ARRIVED, 1600.0, statistics="12333")])

    def found(records: list[CallRecord]) -> list[str]:
        return [record.call_id for record in records]

    assert found(store.calls(1000.0, 2000.0)) == ["c1", "c3", "c2"]
    assert found(store.calls(1000.0, 1999.0)) == ["c1", "c3"]
    assert found(store.calls(1000.1, 2000.0)) == ["c3", "c2"]
    assert found(store.calls(0, 3000, statistics="12345")) == ["c3"]
    assert store.calls(5000, 6000) == []
    assert store.open_calls(1000, 2000) == 1
    assert store.open_calls(1000, 2000, statistics="12345") == 0


def test_half_hours_are_the_sums_of_their_calls(store: Store) -> None:
    calls = [
        answered_call("c1", arrived_at=1700.0),
        answered_call("c2", arrived_at=1700.0),
        lost_call("c3", arrived_at=1750.0),
        answered_call("c4", arrived_at=9000.0),
    ]
    store.drain([line for call in calls for line in call])
    records = store.calls(0.0, 20_000.0)

    found = store.half_hours(0.0, 20_000.0)

    assert found == half_hours(records)
    assert sum(half.calls for half in found) == sum(record.wait_queue_s is not None for record in records) > 0
    assert store.half_hours(0.0, 5000.0) == [half for half in found if half.begins_at < 5000.0]
    assert store.half_hours(20_000.0, 30_000.0) == []


def test_a_line_that_arrives_after_the_end_still_counts(store: Store) -> None:
    call = answered_call("c1", arrived_at=1000.0)
    rated = next(m for m in call if m.kind == CallFact.RATED)
    store.drain([m for m in call if m != rated])
    unrated = store.call(CallId("c1"))
    assert unrated is not None
    assert (unrated.score, unrated.missing) == (None, 1)

    store.drain([rated])
    assert store.call(CallId("c1")) == fold(call)


def test_the_first_of_two_different_milestones_stays_and_is_reported(store: Store) -> None:
    store.drain([milestone("c1", 1, CallFact.ARRIVED, 1000.0, dialled="12345")])
    with capture_logs() as logs:
        assert store.drain([milestone("c1", 1, CallFact.ARRIVED, 1000.0, dialled="12333")]) == 0
    assert [(entry["event"], entry["id"], entry["seq"]) for entry in logs] == [("milestone_conflict", "c1", 1)]
    assert store.milestones("c1")[0].data == {"dialled": "12345"}


def test_a_contradictory_call_has_a_record_and_is_listed(store: Store) -> None:
    call = answered_call("c1", arrived_at=1000.0)
    ended = dataclasses.replace(call[-1], data={**call[-1].data, "lost_at": "queue"})
    with capture_logs() as logs:
        store.drain([*call[:-1], ended])
    assert store.contradictions(0, 2000) == {"c1": "answered and yet lost at queue"}
    assert store.call(CallId("c1")) is not None
    assert [entry["event"] for entry in logs] == ["call_contradiction"]
    assert store.contradictions(2000, 3000) == {}


def test_hostile_text_is_kept_as_far_as_text_can_be(store: Store) -> None:
    hostile = "\0\r\n'\";--${x}\u202e\ud800 一呼"
    call = lost_call("c1", arrived_at=1000.0, caller=hostile)
    store.drain(call)
    record = store.call(CallId("c1"))
    assert record is not None
    assert record.pii_caller == "\ufffd\r\n'\";--${x}\u202e? 一呼"
    assert store.drain(call) == 0


def test_the_position_moves_with_the_batch(store: Store) -> None:
    assert store.position("j1") == Position(0, 0)
    store.drain(answered_call("c1", 1.0), "j1", Position(1, 4000))
    store.drain([], "j2", Position(7, 70))
    store.drain([], "j1", Position(2, 2**40))
    assert store.position("j1") == Position(2, 2**40)
    assert store.position("j2") == Position(7, 70)


def _city(id_: str, at: float) -> Milestone:
    return Milestone("city", id_, int(at * 1_000_000), at, CityFact.RUNG, {"on": True, "by": "rule"})


def test_what_happened_at_desks_in_a_while(store: Store) -> None:
    status = Milestone("agent", "a1001", 1015_000_000, 1015.0, AgentFact.STATUS, {"status": "ready"})
    store.drain([*answered_call("c2", 1005.0), *answered_call("c1", 1000.0), status, _city("borrow", 1012.0)])

    found = [(m.at, m.id, m.kind) for m in store.at_desks(1010.0, 1025.0)]
    assert found == [
        (1010.0, "c1", "offered"),
        (1014.0, "c1", "offer_failed"),
        (1015.0, "c1", "offered"),
        (1015.0, "c2", "offered"),
        (1019.0, "c2", "offer_failed"),
        (1020.0, "c1", "answered"),
        (1020.0, "c2", "offered"),
    ]
    assert [m.at for m in store.at_desks(1010.0, 1025.0, limit=2)] == [1010.0, 1014.0]
    assert store.beside_calls("agent", 1000.0, 2000.0) == [status]
    assert store.beside_calls("agent", 1000.0, 1015.0) == []
    assert [m.id for m in store.beside_calls("city", 1000.0, 2000.0, limit=5)] == ["borrow"]


def test_a_call_is_found_by_its_id_its_sip_call_id_and_as_the_last(store: Store) -> None:
    assert store.find("last") is None
    store.drain(answered_call("c1", 1000.0))
    store.drain(
        [milestone("c2", 1, CallFact.ARRIVED, 1600.0, sip_call_id="live@sip"), milestone("c3", 1, "arrived", 9.0)]
    )
    assert store.find("c1") == "c1"
    assert store.find("1-77@127.0.0.2") == "c1"
    assert store.find("live@sip") == "c2"
    assert store.find("last") == "c2"
    assert store.find("nobody") is None
    assert store.find("") is None
    assert store.find("' OR 1=1 --") is None


def test_calls_of_ours_to_citizens_are_kept_whole_and_are_no_open_incoming_calls(store: Store) -> None:
    facts: dict[str, Value] = {"direction": "callback", "task": "t1", "of": "c1", "attempt": 2, "statistics": "12345"}
    queued: dict[str, Value] = {"queue": "general", "need": "general||+0", "kept_s": 12.5, "rungs": "borrow"}
    call = [
        milestone("cb-1", 1, CallFact.ARRIVED, 1000.0, **facts),
        milestone("cb-1", 2, CallFact.QUEUED, 1000.0, **queued),
        milestone("cb-1", 3, CallFact.ESTIMATED, 1001.0, wait_s=70.5, position=1, spoken_min=2),
        milestone("cb-1", 4, CallFact.RELAXED, 1002.0, step=1, wants="any of general"),
        milestone("cb-1", 5, CallFact.NOTICE_HEARD, 1003.0, notice="停水"),
        milestone("cb-1", 6, CallFact.CONFIRMED, 1004.0, agent="a1", n=1),
        milestone("cb-1", 7, CallFact.DIALLED, 1005.0, agent="a1", n=1),
        milestone("cb-1", 8, CallFact.MESSAGE_LEFT, 1006.0, file="m.wav", seconds=3.5),
        milestone("cb-1", 9, CallFact.CALLBACK_REQUESTED, 1007.0, callback="cb-2"),
        milestone("cb-1", 10, CallFact.ENDED, 1008.0, side="system", lost_at="message", outcome="failed"),
    ]
    store.drain(call[:-1])
    assert store.open_calls(0, 2000) == 0
    store.drain(call[-1:])
    record = store.call(CallId("cb-1"))
    assert record == fold(call)
    assert (record.direction, record.kept_s, record.notices, record.rungs) == ("callback", 12.5, ("停水",), ("borrow",))


EXAMPLES = count(1)
CALLS = [*answered_call("c1", 1000.0), *lost_call("c2", 1010.0), *answered_call("c3", 1020.0, score=None)]


@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_interleaving_and_repetition_of_batches_ends_in_the_same_tables(store: Store, data: st.DataObject) -> None:
    """Each example has calls of its own, for the store is shared by all examples of one run."""
    example = next(EXAMPLES)
    lines = [dataclasses.replace(m, id=f"{example}-{m.id}") for m in CALLS]
    order = data.draw(st.permutations(lines + data.draw(st.lists(st.sampled_from(lines), max_size=20))))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(order)), max_size=8)))
    batches = [order[a:b] for a, b in zip([0, *cuts], [*cuts, len(order)], strict=True)]

    new = sum(store.drain(batch) for batch in batches)

    clean = MemoryStore()
    assert new == clean.drain(lines) == len(lines)
    for call in ("c1", "c2", "c3"):
        assert store.call(CallId(f"{example}-{call}")) == clean.call(CallId(f"{example}-{call}"))
        assert store.milestones(f"{example}-{call}") == clean.milestones(f"{example}-{call}")
