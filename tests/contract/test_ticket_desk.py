"""A ticket's whole life over each real store: offered, written by two, submitted, left, and told in the next story."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from cti.calls import CallId
from cti.storage.sql import SqlStore
from cti.storage.sql_tickets import SqlTickets
from cti.storage.store import Store
from cti.storage.ticket_store import TicketStore
from cti.ticket_outbox import Outbox
from cti.tickets.edit import Change
from cti.tickets.refusals import Conflict, TicketsAway
from tests.support.postgres import Postgres
from tests.support.ticket_desk import A1, BOSS, TicketDesk
from tests.unit.test_desk_tickets import LIGHT


@pytest.fixture
async def desk(store: Store, tickets: TicketStore) -> AsyncIterator[TicketDesk]:
    made = TicketDesk(tickets, store, in_turn=True)
    yield made
    await made.stop()


async def recordings(_call: CallId) -> Sequence[str]:
    return ["c1.wav"]


async def test_a_tickets_life(desk: TicketDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cti.ticket_outbox._LOOK_S", 0.01)
    ticket = await desk.offered("c1")
    desk.answers("c1")
    await desk.write(A1, ticket, **LIGHT, caller_name="王女士")
    await desk.desk.change(BOSS, ticket.id, [Change("urgency", "urgent", 0)])
    with pytest.raises(Conflict):
        await desk.desk.change(A1, ticket.id, [Change("urgency", "normal", 0)])
    await desk.desk.submit(A1, ticket.id, "dispatch", None)
    desk.now += 11.0
    leaving = asyncio.create_task(Outbox(desk.book, lambda: True, recordings, "", "").run())
    while (await desk.kept("c1")).state != "sent":
        await asyncio.sleep(0.01)
    leaving.cancel()
    (left,) = await desk.desk.left(0, ("sent", "closed"), 10)
    assert left["fields"]["urgency"]["id"] == "urgent"
    desk.talk_ends("c1")
    desk.ends("c1")

    desk.told.clear()
    again = await desk.offered("c2", "+8613800001234")

    assert again.text("caller_name") == "王女士"
    assert again.text("street") == "dongcheng"
    story = (await desk.is_told("a1", "story"))["story"]
    assert [row["id"] for row in story["tickets"]] == [ticket.id]
    assert [(call["call_id"], call["ticket"]) for call in story["calls"]] == [("c1", ticket.id)]
    assert [like["id"] for like in await desk.desk.duplicates(A1, again.id)] == [ticket.id]


async def test_another_daemon_knows_what_is_open(desk: TicketDesk) -> None:
    ticket = await desk.offered("c1")
    await desk.write(A1, ticket, **LIGHT)
    desk.begin()
    await desk.book.load()
    assert desk.book.agent_of("13800001234") == "a1"
    second = await desk.offered("c2", "13900002215", "a2")
    await desk.desk.change(BOSS, second.id, [Change(n, v, second.field(n).version) for n, v in LIGHT.items()])
    assert [like["id"] for like in await desk.desk.duplicates(BOSS, second.id)] == [ticket.id]


async def test_a_database_that_stands_still_is_said_to_and_what_was_sent_again_is_there_once(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqlStore.open(postgres.new_database())
    desk = TicketDesk(SqlTickets(store, b"key"), store, in_turn=True)
    ticket = await desk.offered("c1")
    monkeypatch.setattr("cti.ticket_book._LIMIT_S", 0.3)
    postgres.suspend()
    try:
        for _ in range(3):
            with pytest.raises(TicketsAway):
                await desk.desk.change(A1, ticket.id, [Change("content", "路灯", 0)])
    finally:
        postgres.go_on()
    monkeypatch.setattr("cti.ticket_book._LIMIT_S", 10.0)

    shown = await desk.desk.change(A1, ticket.id, [Change("content", "路灯", 0)])

    assert shown["fields"]["content"]["version"] == 1
    lines = await desk.desk.history(A1, ticket.id)
    assert [line["new"] for line in lines if line["field"] == "content"] == ["路灯"]
    await desk.stop()
    store.close()
