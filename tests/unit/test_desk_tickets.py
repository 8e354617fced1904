"""What people do with tickets: write at the same time, submit, call back, say that two are one, see what they may."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest

from cti.calls import CallId
from cti.storage.memory_tickets import MemoryTickets
from cti.storage.store import StoreUnavailableError
from cti.storage.ticket_store import EditOf
from cti.tickets.asked import Asking, Wanted
from cti.tickets.edit import Change, Edited
from cti.tickets.model import Ticket
from cti.tickets.refusals import BadValue, Conflict, Incomplete, TicketsAway, TooLate, UnknownTicket
from tests.support.ticket_desk import A1, A2, BOSS, TicketDesk
from tests.support.waiting_async import eventually

LIGHT = {
    "type": "help",
    "matter": "construction.facilities.street_light",
    "street": "dongcheng",
    "address": "青禾路公交站",
    "title": "青禾路路灯不亮",
    "content": "青禾路公交站附近路灯晚上不亮。",
}


@pytest.fixture
async def desk() -> AsyncIterator[TicketDesk]:
    made = TicketDesk()
    yield made
    await made.stop()


async def test_an_agent_and_a_supervisor_write_at_the_same_time(desk: TicketDesk) -> None:
    ticket = await desk.offered()
    desk.answers()
    await desk.write(BOSS, ticket, urgency="urgent")
    told = await desk.is_told("a1", "ticket")
    assert told["ticket"]["fields"]["urgency"]["by"] == "boss"
    assert told["ticket"]["deadline"]["text"]["zh"] == "紧急 2 个工作日 · 11-23 周一"

    with pytest.raises(Conflict) as conflict:
        await desk.write(A1, ticket, base=0, urgency="normal", title="路灯")
    more = conflict.value.more
    assert more["fields"] == [{"field": "urgency", "yours": "normal"}]
    assert more["ticket"]["fields"]["title"]["value"] == "路灯"
    assert more["ticket"]["fields"]["urgency"]["value"] == "urgent"
    assert (await desk.write(A1, ticket, urgency="normal"))["fields"]["urgency"]["value"] == "normal"
    lines = await desk.desk.history(A1, ticket.id)
    assert [(e["by"], e["how"], e["new"]) for e in lines if e["field"] == "urgency"] == [
        ("boss", "typed", "urgent"),
        ("a1", "conflict", "normal"),
        ("a1", "typed", "normal"),
    ]


async def test_a_bad_value_leaves_the_good_ones_done(desk: TicketDesk) -> None:
    ticket = await desk.offered()
    with pytest.raises(BadValue) as bad:
        await desk.write(A1, ticket, contact_phone="138****1234", title="路灯")
    assert [fault["field"] for fault in bad.value.more["faults"]] == ["contact_phone"]
    assert bad.value.more["ticket"]["fields"]["title"]["value"] == "路灯"


async def test_everybody_sees_who_else_has_it_before_him(desk: TicketDesk) -> None:
    ticket = await desk.offered()
    assert (await desk.desk.get(A1, ticket.id))["editing"] == ["a1"]
    await desk.desk.get(BOSS, ticket.id)
    assert (await desk.is_told("a1", "ticket"))["ticket"]["editing"] == ["a1", "boss"]
    desk.now += 61.0
    assert (await desk.desk.get(A1, ticket.id))["editing"] == ["a1"]


async def test_who_looks_on_is_told_of_changes_without_the_number(desk: TicketDesk) -> None:
    ticket = await desk.offered()
    await desk.desk.get(Asking("a2", sees_all=True), ticket.id)
    await desk.write(A1, ticket, title="路灯")
    for agent, number in (("a1", "13800001234"), ("a2", "138****1234")):
        fields = (await desk.is_told(agent, "ticket"))["ticket"]["fields"]
        assert (fields["title"]["value"], fields["contact_phone"]["value"]) == ("路灯", number)


async def test_submitting_says_what_is_missing_and_what_is_not_confirmed(desk: TicketDesk) -> None:
    ticket = await desk.offered()
    await desk.write(A1, ticket, type="help", title="路灯")
    with pytest.raises(Incomplete) as incomplete:
        await desk.desk.submit(A1, ticket.id, "dispatch", None)
    faults = incomplete.value.more["faults"]
    assert [(fault["field"], fault["code"]) for fault in faults] == [
        ("matter", "missing"), ("street", "missing"), ("address", "missing"), ("content", "missing"),
    ]  # fmt: skip
    assert faults[1]["message"] == {"zh": "请填写街道或社区", "en": "Street or community is needed"}


async def test_a_submitted_ticket_can_be_called_back_until_it_leaves(desk: TicketDesk) -> None:
    ticket = await desk.offered()
    await desk.write(A1, ticket, **LIGHT)
    shown = await desk.desk.submit(A1, ticket.id, "dispatch", None)
    assert (shown["state"], shown["finish"], shown["send_at"]) == ("submitted", "dispatch", desk.now + 10.0)
    desk.now += 5.0
    again = await desk.desk.submit(A1, ticket.id, "dispatch", None)  # its answer was lost
    assert again["send_at"] == shown["send_at"]
    assert (await desk.desk.recall(A1, ticket.id))["state"] == "draft"
    assert (await desk.desk.recall(A1, ticket.id))["state"] == "draft"
    await desk.desk.submit(A1, ticket.id, "dispatch", None)
    desk.now += 10.0
    with pytest.raises(TooLate):
        await desk.desk.recall(A1, ticket.id)


async def test_a_related_ticket_has_to_be_there_and_is_linked(desk: TicketDesk) -> None:
    first = await desk.offered("c1")
    await desk.write(A1, first, **LIGHT)
    second = await desk.offered("c2", "13900002215", "a2")
    await desk.write(A2, second, related="T-20261119-9999")
    with pytest.raises(Incomplete) as incomplete:
        await desk.desk.submit(A2, second.id, "merged", None)
    assert incomplete.value.more["faults"][0]["message"]["zh"] == "没有这个工单，请核对工单号"
    await desk.write(A2, second, related=first.id)
    shown = await desk.desk.submit(A2, second.id, "merged", None)
    assert list(shown["related"]) == [{"id": first.id, "kind": "same"}]
    kept = desk.store.get(first.id)
    assert kept is not None
    assert [r.id for r in kept.related] == [second.id]


async def test_another_callers_ticket_about_the_same_lamp_is_found_until_somebody_says_no(desk: TicketDesk) -> None:
    first = await desk.offered("c1")
    await desk.write(A1, first, **LIGHT)
    second = await desk.offered("c2", "13900002215", "a2")
    await desk.write(A2, second, **{**LIGHT, "title": "", "content": "公交站那里路灯坏了，青禾路一段都不亮"})
    (found,) = await desk.desk.duplicates(A2, second.id)
    assert found["id"] == first.id
    assert found["why"]["zh"] == "同为道路照明，地点相近，内容相近，11-19 他人来电"
    assert "13800001234" not in str(found)
    shown = await desk.desk.relate(A2, second.id, first.id, same=False)
    assert list(shown["related"]) == [{"id": first.id, "kind": "different"}]
    assert await desk.desk.duplicates(A2, second.id) == []
    with pytest.raises(UnknownTicket):
        await desk.desk.relate(A2, second.id, "T-20261119-9999", same=True)


async def test_lists_are_of_ones_own_or_for_supervisors_of_all(desk: TicketDesk) -> None:
    await desk.offered("c1")
    await desk.offered("c2", "13900002215", "a2")
    assert [row["call_id"] for row in await desk.desk.find(A1, Wanted())] == ["c1"]
    assert [row["call_id"] for row in await desk.desk.find(A1, Wanted(agent="a2"))] == ["c1"]
    assert [row["call_id"] for row in await desk.desk.find(BOSS, Wanted())] == ["c2", "c1"]
    assert [row["call_id"] for row in await desk.desk.find(BOSS, Wanted(number="13800001234"))] == ["c1"]


async def test_the_history_masks_the_number_for_who_is_not_on_it(desk: TicketDesk) -> None:
    ticket = await desk.offered()
    assert "13800001234" in str(await desk.desk.history(A1, ticket.id))
    assert "13800001234" not in str(await desk.desk.history(BOSS, ticket.id))


async def test_marks_of_the_caller(desk: TicketDesk) -> None:
    await desk.offered()
    assert await desk.desk.tag(A1, CallId("c1"), ["elderly"]) == ["elderly"]
    assert desk.store.tags(["13800001234"]) == ["elderly"]
    with pytest.raises(BadValue):
        await desk.desk.tag(A1, CallId("c1"), ["no_such"])
    with pytest.raises(UnknownTicket):
        await desk.desk.tag(A2, CallId("c1"), [])


class Slow(MemoryTickets):
    """A database that stands still while `go` is not set, or is down."""

    def __init__(self) -> None:
        super().__init__()
        self.go, self.down = threading.Event(), False
        self.go.set()
        self.changes = 0

    def change(self, ticket_id: str, edit: EditOf) -> Edited | None:
        self.go.wait(30)
        if self.down:
            raise StoreUnavailableError("down")
        self.changes += 1
        return super().change(ticket_id, edit)


@pytest.fixture
async def slow(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[TicketDesk, Slow, Ticket]]:
    monkeypatch.setattr("cti.ticket_book._LIMIT_S", 0.1)
    store = Slow()
    desk = TicketDesk(store)
    yield desk, store, await desk.offered()
    store.go.set()
    await desk.stop()


async def test_a_database_that_is_down_is_said_to_be(slow: tuple[TicketDesk, Slow, Ticket]) -> None:
    desk, store, ticket = slow
    store.down = True
    with pytest.raises(TicketsAway):
        await desk.desk.change(A1, ticket.id, [Change("content", "路灯", 0)])
    store.down = False
    assert (await desk.desk.change(A1, ticket.id, [Change("content", "路灯", 0)]))["fields"]["content"]["version"] == 1


async def test_a_page_that_tries_again_while_it_stands_still_writes_once(slow: tuple[TicketDesk, Slow, Ticket]) -> None:
    desk, store, ticket = slow
    store.go.clear()
    for _ in range(4):
        with pytest.raises(TicketsAway):
            await desk.desk.change(A1, ticket.id, [Change("content", "路灯", 0)])
    store.go.set()
    shown: dict[str, Any] = await desk.desk.change(A1, ticket.id, [Change("content", "路灯", 0)])
    assert shown["fields"]["content"]["version"] == 1
    assert [e.field for e in store.history(ticket.id)].count("content") == 1
    assert store.changes == 2, "what was given up before its turn is not done"


async def test_what_was_done_after_all_is_told_although_nobody_waited(slow: tuple[TicketDesk, Slow, Ticket]) -> None:
    desk, store, ticket = slow
    store.go.clear()
    with pytest.raises(TicketsAway):
        await desk.desk.change(A1, ticket.id, [Change("content", "路灯", 0)])
    store.go.set()

    def told() -> bool:
        last = desk.last_told("a1", "ticket")
        return last is not None and last["ticket"]["fields"]["content"]["value"] == "路灯"

    await eventually(told, 5.0, "a1 is told")
