"""What an agent's page says that he has done today."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from cti.calls import AgentFact, AgentId, CallFact, Milestone, Stream
from cti.today import Today

A1 = AgentId("a1")
NINE = datetime(2026, 11, 23, 9, tzinfo=UTC).timestamp()


def local_time(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def milestone(kind: CallFact | AgentFact, at: float, **data: Any) -> Milestone:
    stream: Stream = "agent" if isinstance(kind, AgentFact) else "call"
    return Milestone(stream, A1 if stream == "agent" else "c1", 1, NINE + at, kind, data)


TALK = (
    milestone(CallFact.OFFERED, 0, agent=A1),
    milestone(CallFact.ANSWERED, 5, agent=A1),
    milestone(CallFact.TALK_ENDED, 65, agent=A1, talk_s=60.0),
    milestone(AgentFact.WRAP_UP_STARTED, 65, until=NINE + 110),
)


def test_a_talk_counts_with_its_after_call_work_and_its_rating() -> None:
    """Given a talk of 60 s, when the agent has finished his after-call work after 20 s, then it took 80 s."""
    today = Today(local_time)
    today.add((*TALK, milestone(CallFact.RATED, 80, satisfied=True), milestone(AgentFact.WRAP_UP_FINISHED, 85)))
    assert today.of(A1, NINE + 90) == {"answered": 1, "handling_s": 80.0, "satisfied": 1, "rated": 1}


def test_a_rating_is_of_the_colleague_who_took_the_talk_over() -> None:
    today, colleague = Today(local_time), AgentId("a2")
    handed_over = milestone(CallFact.HANDED_OVER, 30, agent=colleague, by=A1, p=1, n=1, side="agent", talk_s=25.0)
    today.add((*TALK[:2], handed_over, milestone(CallFact.RATED, 80, satisfied=True)))
    assert today.of(A1, NINE + 90)["rated"] == 0
    assert today.of(colleague, NINE + 90)["rated"] == 1


def test_after_call_work_ends_by_itself_and_may_be_extended() -> None:
    today = Today(local_time)
    today.add(TALK)
    assert today.of(A1, NINE + 100)["handling_s"] == 60.0, "not over yet"
    today.add([milestone(AgentFact.WRAP_UP_EXTENDED, 100, until=NINE + 140)])
    assert today.of(A1, NINE + 200)["handling_s"] == 60.0 + 75.0


def test_a_new_day_begins_at_nothing() -> None:
    today = Today(local_time)
    today.add(TALK)
    tomorrow = NINE + timedelta(days=1).total_seconds()
    assert today.of(A1, tomorrow) == {"answered": 0, "handling_s": None, "satisfied": 0, "rated": 0}
    today.add([milestone(CallFact.ANSWERED, 86_400, agent=A1)])
    assert today.of(A1, tomorrow)["answered"] == 1
