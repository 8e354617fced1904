"""The calls behind a figure of losses, and the reading of a report bit by bit."""

from __future__ import annotations

import dataclasses
from datetime import date

from agents.schedule import Schedule
from cti.calls import AgentFact, CallFact, Milestone
from cti.metrics.asked import Asked
from cti.metrics.groups import Period
from cti.metrics.losses import losses
from cti.metrics.record import CallRecord
from cti.metrics.rollups import roll_up_agents_time
from cti.metrics.spans import Span
from cti.metrics.tally import Grouping
from cti.report_losses import read_losses
from cti.storage.memory import MemoryStore
from cti.storage.report_tables import read_table
from queues.callbacks import TaskRules
from tests.support.calls import answered_call, lost_call, milestone
from tests.support.report_table import DAY, SHANGHAI, answered, at, fraction, labels, lost, schedule_of

NINE = at("2026-11-21 09:00")
RULES = TaskRules()
FOR_EVER = at("2026-12-31 00:00")


def stars(_: str) -> str:
    return "***"


def of_the_day(record: CallRecord) -> bool:
    return DAY.period(SHANGHAI).has(record.arrived_at)


def test_a_loss_says_when_where_and_how_long_and_masks_the_number() -> None:
    calls = [lost(NINE), lost(NINE + 1, "menu", queue=None), lost(NINE + 2, "ringing", pii_caller="", statistics="")]
    found = list(losses(calls, of_the_day, {calls[0].call_id}, stars))
    assert [(x.arrived_at - NINE, x.place, x.wait_total_s, x.wait_queue_s, x.callback_task) for x in found] == [
        (0.0, "queue", 40.0, 34.0, True),
        (1.0, "menu", 40.0, None, False),
        (2.0, "ringing", 40.0, 34.0, False),
    ]
    assert [(x.caller, x.number, x.queue) for x in found] == [
        ("***", "12333", "general"),
        ("***", "12333", ""),
        ("***", "12333", "general"),
    ]


def test_only_lost_calls_of_citizens_in_the_time_of_the_report_are_losses() -> None:
    calls = [
        answered(NINE),
        lost(NINE - 86_400),
        lost(NINE, direction="callback", outcome="busy"),
        lost(NINE, lost_at=None, transferred_to="110"),
        lost(NINE, ended_at=None),
    ]
    assert list(losses(calls, of_the_day, (), stars)) == []


def test_from_one_place_of_loss_to_its_calls() -> None:
    calls = [lost(NINE), lost(NINE + 1, "menu"), lost(NINE + 2)]
    found = losses(calls, of_the_day, (), stars, "queue")
    assert [loss.arrived_at - NINE for loss in found] == [0.0, 2.0]


def test_losses_are_read_with_masked_numbers_and_with_their_callback_tasks() -> None:
    """Who hung up at once, and who got through before, are owed nothing."""
    store = MemoryStore()
    store.drain(lost_call("c1", NINE, caller="13900139001"))
    store.drain(lost_call("c2", NINE + 4000, caller="13900139001"))
    store.drain(answered_call("c3", NINE + 8000, caller="13900139001"))
    store.drain(lost_call("c4", NINE + 12_000, place="menu", after_s=3.0, caller="13900139002"))
    store.drain(lost_call("c5", NINE + 12_001, caller=""))
    store.drain(lost_call("c6", NINE + 12_002, caller="13900139001"))
    grouping = Grouping("queue", DAY.period(SHANGHAI), SHANGHAI)
    found = list(read_losses(store, grouping, RULES, FOR_EVER))
    assert [(x.call_id, x.callback_task) for x in found] == [
        ("c1", True),
        ("c2", True),
        ("c4", False),
        ("c5", False),
        ("c6", True),
    ]
    assert {x.caller for x in found} == {"139****9001", "139****9002", ""}
    assert list(read_losses(store, grouping, RULES, FOR_EVER, "12345")) == []
    behind_a_figure = read_losses(store, grouping, RULES, FOR_EVER, row="general", place="queue")
    assert [x.call_id for x in behind_a_figure] == ["c1", "c2", "c5", "c6"]
    assert [x.call_id for x in read_losses(store, grouping, RULES, FOR_EVER, row="")] == ["c4"]


def test_a_loss_in_a_night_over_midnight_is_of_the_day_on_which_the_night_began() -> None:
    store = MemoryStore()
    store.drain(lost_call("c1", at("2026-11-21 03:00")))
    store.drain(lost_call("c2", at("2026-11-22 03:00")))
    grouping = Grouping("shift", DAY.period(SHANGHAI), SHANGHAI, schedule_of(night=("22:00", "06:00")))
    assert [loss.call_id for loss in read_losses(store, grouping, RULES, FOR_EVER)] == ["c2"]


def test_a_table_is_read_compared_and_ranked() -> None:
    store = MemoryStore()
    store.drain(answered_call("c1", NINE))
    store.drain(lost_call("c2", NINE + 40_000))
    store.drain(answered_call("c3", NINE - 86_400))
    store.drain(answered_call("open", NINE + 10)[:5])
    asked = Asked(DAY, "number", ("before",), "connection_rate")
    found = read_table(store, asked, SHANGHAI, Schedule(), FOR_EVER)
    assert (labels(found), fraction(found, "total")) == (["12333"], (1, 2))
    assert found.rows[0].difference("connection_rate", "before") == -50.0
    assert found.rows[0].rank is not None
    other = read_table(store, dataclasses.replace(asked, statistics="12345"), SHANGHAI, Schedule(), FOR_EVER)
    assert labels(other) == []


def test_agents_time_read_hour_by_hour_is_that_of_the_whole_day_at_once() -> None:
    """Logged in the evening before; one talk goes from one hour to the next, one over midnight."""
    midnight = at("2026-11-21 00:00")
    store = MemoryStore()

    def says(seq: int, when: float, kind: AgentFact, **data: str) -> None:
        store.drain([Milestone("agent", "a1002", seq, when, kind, data)])

    says(1, midnight - 3600, AgentFact.LOGGED_IN)
    says(2, midnight - 3599, AgentFact.STATUS, status="ready")
    store.drain(answered_call("c1", midnight + 3570))
    store.drain(answered_call("c2", midnight + 86_370))
    said = [*store.beside_calls("agent", 0, FOR_EVER), *store.at_desks(0, FOR_EVER)]
    whole = roll_up_agents_time(said, Period(midnight, midnight + 86_400))
    found = read_table(store, Asked(Span("day", date(2026, 11, 21)), "agent"), SHANGHAI, Schedule(), FOR_EVER)
    row = next(row for row in found.rows if row.label == "a1002")
    for code in ("idle_ms", "talking_ms", "wrap_up_ms", "ringing_ms", "agent_talks", "agent_offers"):
        assert row.sums[code] == sum(sums[code] for key, sums in whole.items() if key.agent == "a1002"), code
    assert row.sums["talking_ms"] == 70_000
    assert row.rates["handling_time"].denominator == 1


def test_of_a_day_that_goes_on_agents_time_counts_up_to_now() -> None:
    store = MemoryStore()
    store.drain([Milestone("agent", "a1002", 1, NINE, AgentFact.LOGGED_IN, {})])
    store.drain([Milestone("agent", "a1002", 2, NINE, AgentFact.STATUS, {"status": "ready"})])
    found = read_table(store, Asked(DAY, "agent"), SHANGHAI, Schedule(), NINE + 4000)
    assert sum(found.total.sums.values()) == 4_000_000


def test_who_calls_back_is_in_no_loss() -> None:
    store = MemoryStore()
    facts = {"direction": "callback", "task": "c1", "pii_caller": "13900139001"}
    lines = [milestone("cb-1", 1, CallFact.ARRIVED, NINE, **facts)]
    store.drain([*lines, milestone("cb-1", 2, CallFact.ENDED, NINE + 9, side="system", outcome="busy")])
    assert list(read_losses(store, Grouping("day", DAY.period(SHANGHAI), SHANGHAI), RULES, FOR_EVER)) == []
