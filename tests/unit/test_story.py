"""The story of a citizen: given his earlier calls and tickets, when he calls again, then what his agent is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from cti.calls import CallFact, CallId
from cti.same_number import canonical, spellings
from tests.support.calls import answered_call, lost_call
from tests.support.ticket_desk import A1, BEGAN, TicketDesk, settled

DAY = 86_400.0
CITIZEN = "13800001234"


@pytest.fixture
async def desk() -> AsyncIterator[TicketDesk]:
    made = TicketDesk()
    yield made
    await made.stop()


async def told(desk: TicketDesk, number: str = CITIZEN, call: str = "now") -> dict[str, Any]:
    await desk.offered(call, number)
    message = await desk.is_told("a1", "story")
    assert message["call_id"] == call
    return dict(message["story"])


async def test_who_calls_for_the_first_time(desk: TicketDesk) -> None:
    assert await told(desk) == {
        "name": "", "tags": [], "first_call_at": None, "repeat_7d": 1, "lost_last": None, "calls": [], "calls_12m": 0,
        "tickets": [], "maybe_same": [],
    }  # fmt: skip


async def test_a_withheld_number_has_no_story(desk: TicketDesk) -> None:
    desk.calls.drain(answered_call("old", BEGAN - DAY, caller=""))
    story = await told(desk, "")
    assert (story["calls"], story["repeat_7d"]) == ([], 0)


async def test_his_calls_in_every_spelling_of_his_number(desk: TicketDesk) -> None:
    desk.calls.drain(answered_call("c1", BEGAN - 400 * DAY, caller=CITIZEN))
    desk.calls.drain(answered_call("c2", BEGAN - 5 * DAY, caller="+8613800001234", score=3))
    desk.calls.drain(lost_call("c3", BEGAN - 2 * DAY, caller="013800001234"))
    desk.calls.drain(lost_call("c4", BEGAN - DAY, caller="13900002215"))
    story = await told(desk)
    assert [(call["call_id"], call["outcome"], call["satisfied"]) for call in story["calls"]] == [
        ("c3", "lost", None), ("c2", "answered", False), ("c1", "answered", True),
    ]  # fmt: skip
    assert (story["first_call_at"], story["repeat_7d"], story["calls_12m"]) == (BEGAN - 400 * DAY, 3, 2)
    assert story["lost_last"] == {"at": BEGAN - 2 * DAY, "wait_s": 40.0, "queue": "general"}


async def test_who_was_answered_since_needs_no_apology(desk: TicketDesk) -> None:
    desk.calls.drain(lost_call("c1", BEGAN - 2 * DAY, caller=CITIZEN))
    desk.calls.drain(answered_call("c2", BEGAN - DAY, caller=CITIZEN))
    assert (await told(desk))["lost_last"] is None


async def test_name_marks_and_open_tickets(desk: TicketDesk) -> None:
    first = await desk.offered("first", CITIZEN)
    desk.answers("first")
    await desk.write(A1, first, caller_name="王女士", title="路灯不亮", content="青禾路路灯不亮")
    await desk.desk.tag(A1, CallId("first"), ["hard_of_hearing"])
    desk.talk_ends("first")
    desk.ends("first")
    desk.told.clear()
    desk.now += 3600.0

    story = await told(desk)

    assert story["name"] == "王女士"
    assert [tag["zh"] for tag in story["tags"]] == ["听力障碍，请放慢语速"]
    assert [(ticket["id"], ticket["title"]) for ticket in story["tickets"]] == [(first.id, "路灯不亮")]
    assert [(call["call_id"], call["title"], call["ticket"]) for call in story["calls"]] == [
        ("first", "路灯不亮", first.id)
    ]
    assert desk.book.agent_of(CITIZEN) == "a1"


async def test_it_is_read_while_he_waits_and_told_at_each_offer(desk: TicketDesk) -> None:
    desk.arrives("now")
    desk.queues("now")  # to a1, who is ready
    await settled(desk)
    assert len([m for m in desk.told["a1"] if m["type"] == "story"]) == 1
    desk.fact(CallFact.OFFER_FAILED, "now", outcome="no_answer")
    desk.exchange.settle()
    desk.durable()
    assert desk.last_told("a2", "story") is not None, "at once: it is known"


async def test_a_page_that_comes_back_is_told_again(desk: TicketDesk) -> None:
    await told(desk)
    desk.told.clear()
    desk.stories.show(CallId("now"), A1.user)  # type: ignore[arg-type]
    assert desk.last_told("a1", "story") is not None


@pytest.mark.parametrize(
    ("given", "number"),
    [
        ("13800001234", "13800001234"),
        ("+8613800001234", "13800001234"),
        ("013800001234", "13800001234"),
        ("22223333", "076922223333"),
        ("+8676922223333", "076922223333"),
        ("+85291234567", "+85291234567"),
        ("12345", "12345"),
        ("", ""),
    ],
)
def test_one_number_however_it_is_written(given: str, number: str) -> None:
    assert canonical(given, "0769") == number
    assert given in spellings(number, "0769") or not given
