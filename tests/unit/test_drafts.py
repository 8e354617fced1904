"""The draft of a call: given what is known of the caller, when agents come and go, then who has it with what in it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from cti.calls import AgentFact, AgentId, CallFact, CallId
from cti.storage.memory_tickets import MemoryTickets
from cti.storage.store import StoreUnavailableError
from cti.tickets.asked import Wanted
from cti.tickets.model import Ticket
from cti.tickets.refusals import NotADraft, UnknownTicket
from tests.support.ticket_desk import A1, A2, BOSS, TicketDesk, settled
from tests.support.waiting_async import eventually


@pytest.fixture
async def desk() -> AsyncIterator[TicketDesk]:
    made = TicketDesk()
    yield made
    await made.stop()


def kept(desk: TicketDesk, ticket: Ticket) -> Ticket:
    found = desk.store.get(ticket.id)
    assert found is not None
    return found


async def test_an_offer_makes_a_draft_with_the_number_and_tells_the_agent(desk: TicketDesk) -> None:
    ticket = await desk.offered(number="+8613800001234")
    assert ticket.id == "T-20261119-0001"
    assert ticket.text("contact_phone") == "13800001234"
    assert (ticket.agent, ticket.state, ticket.touched) == ("a1", "draft", False)
    told = await desk.is_told("a1", "ticket")
    assert told["ticket"]["id"] == ticket.id
    assert told["ticket"]["deadline"]["text"]["zh"] == "5 个工作日 · 11-26 周四"
    assert "pii_caller" not in told["ticket"]
    assert desk.book.id_of(CallId("c1")) == ticket.id
    assert "a2" not in desk.told


async def test_the_way_through_the_menu_and_earlier_tickets_fill_it(desk: TicketDesk) -> None:
    first = await desk.offered("c1")
    desk.answers("c1")
    await desk.write(A1, first, caller_name="王女士", street="dongcheng")
    desk.talk_ends("c1")
    desk.ends("c1")

    desk.arrives("c2", "008613800001234")
    desk.ready("a2")
    desk.exchange.call(CallFact.ENTERED, CallId("c2"), {"node": "social_security", "type": "route", "session": "{}"})
    desk.queues("c2")
    second = await desk.draft_of("c2")

    found = {name: (f.value, f.source, f.state) for name, f in second.fields.items()}
    assert found["caller_name"] == ("王女士", "history", "check")
    assert found["street"] == ("dongcheng", "history", "check")
    assert found["department"] == ("human_resources", "menu", "check")


async def test_who_is_offered_the_call_next_gets_the_same_draft(desk: TicketDesk) -> None:
    ticket = await desk.offered()
    desk.exchange.agent(AgentFact.STATUS, AgentId("a2"), {"status": "ready", "reason": ""})
    desk.fact(CallFact.OFFER_FAILED, "c1", outcome="no_answer")
    desk.exchange.settle()
    desk.durable()
    await eventually(lambda: kept(desk, ticket).agent == "a2", 5.0, "it is a2's")
    assert kept(desk, ticket).agents == ("a2",), "who did not answer has nothing to read there any more"
    with pytest.raises(UnknownTicket):
        await desk.desk.get(A1, ticket.id)
    assert (await desk.is_told("a2", "ticket"))["ticket"]["id"] == ticket.id
    assert len(desk.store.find(Wanted())) == 1


async def test_who_wrote_while_it_rang_keeps_what_he_wrote_in(desk: TicketDesk) -> None:
    ticket = await desk.offered()
    await desk.write(A1, ticket, content="路灯不亮")
    desk.exchange.agent(AgentFact.STATUS, AgentId("a2"), {"status": "ready", "reason": ""})
    desk.fact(CallFact.OFFER_FAILED, "c1", outcome="no_answer")
    desk.exchange.settle()
    desk.durable()
    await eventually(lambda: kept(desk, ticket).agent == "a2", 5.0, "it is a2's")
    assert kept(desk, ticket).agents == ("a1", "a2")


async def test_what_the_first_agent_wrote_the_second_has(desk: TicketDesk) -> None:
    ticket = await desk.offered()
    desk.answers()
    await desk.write(A1, ticket, content="路灯不亮")
    data = {"p": 1, "kind": "agent", "target": "a2", "mode": "consult", "by": "a1", "agent": "a2"}
    desk.exchange.call(CallFact.PARTY_ASKED, CallId("c1"), data)
    desk.durable()
    await eventually(lambda: "a2" in kept(desk, ticket).agents, 5.0, "a2 has it before him")
    assert (await desk.is_told("a2", "ticket"))["ticket"]["fields"]["content"]["value"] == "路灯不亮"
    assert (await desk.write(A2, ticket, title="路灯"))["fields"]["title"]["by"] == "a2"
    assert kept(desk, ticket).agent == "a1"

    desk.exchange.call(CallFact.PARTY_JOINED, CallId("c1"), {"p": 1, "agent": "a2", "mode": "consult"})
    left = {"p": 1, "agent": "a2", "by": "a1", "n": 1, "side": "agent", "talk_s": 30.0}
    desk.exchange.call(CallFact.HANDED_OVER, CallId("c1"), left)
    desk.durable()
    await eventually(lambda: kept(desk, ticket).agent == "a2", 5.0, "a2 leads the talk")


async def test_nobody_waits_for_the_database_and_nothing_is_lost_by_it() -> None:
    down = threading.Event()
    down.set()

    class Down(MemoryTickets):
        def open(self, *args: object, **more: object) -> Ticket:
            if down.is_set():
                raise StoreUnavailableError("down")
            return super().open(*args, **more)  # type: ignore[arg-type]

    store = Down()
    desk = TicketDesk(store)
    desk.arrives()
    desk.ready("a1")
    desk.queues("c1")
    await settled(desk)
    assert store.of_call("c1") is None
    down.clear()
    assert (await desk.is_told("a1", "ticket"))["ticket"]["agent"] == "a1"
    await desk.stop()


async def test_a_daemon_that_begins_makes_the_drafts_that_are_missing(desk: TicketDesk) -> None:
    desk.arrives()
    desk.ready("a1")
    desk.drafts.heard = lambda batch: None  # type: ignore[method-assign] # it crashed between the two
    desk.queues("c1")
    desk.begin()
    task = asyncio.create_task(desk.drafts.run())
    assert (await desk.draft_of("c1")).agent == "a1"
    task.cancel()


async def test_the_page_may_ask_for_the_draft_before_it_is_told(desk: TicketDesk) -> None:
    desk.arrives()
    with pytest.raises(UnknownTicket):
        await desk.desk.of_call(A1, CallId("c1"))
    desk.ready("a1")
    desk.queues("c1")
    shown = await desk.desk.of_call(A1, CallId("c1"))
    assert shown["call_id"] == "c1"
    assert len(desk.store.find(Wanted())) == 1


async def test_a_caller_who_left_before_an_answer_leaves_a_closed_draft(desk: TicketDesk) -> None:
    ticket = await desk.offered()
    desk.fact(CallFact.OFFER_FAILED, "c1", outcome="caller_left")
    desk.ends("c1", lost_at="ringing")
    await eventually(lambda: kept(desk, ticket).state == "closed", 5.0, "it is closed")
    assert kept(desk, ticket).finish == "not_answered"


@pytest.mark.parametrize("how", ["he says that he is done", "he gets his next call"])
async def test_an_agent_who_writes_nothing_leaves_a_closed_draft(desk: TicketDesk, how: str) -> None:
    ticket = await desk.offered()
    desk.answers()
    desk.talk_ends()
    desk.ends()
    await settled(desk)
    assert kept(desk, ticket).state == "draft"
    if how == "he gets his next call":
        desk.now += 30.0
        await desk.offered("c2", "13900002215")
    else:
        desk.exchange.agent(AgentFact.WRAP_UP_FINISHED, AgentId("a1"))
        desk.durable()
    await eventually(lambda: kept(desk, ticket).state == "closed", 5.0, "it is closed")
    assert kept(desk, ticket).finish == "nothing"


async def test_what_somebody_wrote_stays_a_draft_until_he_submits_it(desk: TicketDesk) -> None:
    ticket = await desk.offered()
    desk.answers()
    await desk.write(A1, ticket, content="路灯")
    desk.talk_ends()
    desk.ends()
    desk.exchange.agent(AgentFact.WRAP_UP_FINISHED, AgentId("a1"))
    desk.durable()
    await settled(desk)
    assert kept(desk, ticket).state == "draft"


async def test_words_that_come_after_an_empty_draft_was_closed_open_it_again(desk: TicketDesk) -> None:
    ticket = await desk.offered()
    desk.answers()
    desk.talk_ends()
    desk.ends()
    desk.exchange.agent(AgentFact.WRAP_UP_FINISHED, AgentId("a1"))
    desk.durable()
    await eventually(lambda: kept(desk, ticket).state == "closed", 5.0, "it is closed")
    shown = await desk.write(A1, ticket, content="路灯")
    assert (shown["state"], shown["finish"], shown["fields"]["content"]["value"]) == ("draft", None, "路灯")


async def test_left_over_drafts_are_closed_by_and_by(desk: TicketDesk) -> None:
    answered = await desk.offered("c1")
    desk.answers("c1")
    desk.talk_ends("c1")
    desk.ends("c1")
    desk.now += 3600.0
    live = await desk.offered("c2", "13900002215", "a2")
    desk.now += 3600.0
    await desk.drafts._sweep()
    assert kept(desk, answered).finish == "nothing"
    assert kept(desk, live).state == "draft"


async def test_a_submitted_ticket_is_no_draft_any_more(desk: TicketDesk) -> None:
    ticket = await desk.offered()
    await desk.desk.submit(A1, ticket.id, "silent", None)
    with pytest.raises(NotADraft):
        await desk.write(A1, ticket, content="路灯")


async def test_an_agent_sees_tickets_of_his_own_calls_alone(desk: TicketDesk) -> None:
    ticket = await desk.offered()
    with pytest.raises(UnknownTicket):
        await desk.desk.get(A2, ticket.id)
    with pytest.raises(UnknownTicket):
        await desk.write(A2, ticket, content="路灯")
    shown = await desk.desk.get(BOSS, ticket.id)
    assert shown["fields"]["contact_phone"]["value"] == "138****1234"
    assert (await desk.desk.get(A1, ticket.id))["fields"]["contact_phone"]["value"] == "13800001234"
