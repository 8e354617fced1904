"""What every store of tickets promises, over memory, SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa

from cti.calls import CallId
from cti.storage.sql import SqlStore
from cti.storage.sql_tickets import SqlTickets
from cti.storage.store import Store
from cti.storage.ticket_store import Left, TicketStore
from cti.tickets.asked import Wanted
from cti.tickets.edit import Change, Edited, Editing, Past
from cti.tickets.first_fill import Known, first_fill
from cti.tickets.form import load_form
from cti.tickets.model import Guess, Relation, Ticket, TicketState, Value
from tests.support.calls import answered_call, lost_call

FORM = load_form()


def draft(call_id: str, at: float = 1000.0, caller: str = "13800001234", agent: str = "a1") -> Callable[[str], Edited]:
    def make(ticket_id: str) -> Edited:
        editing = Editing(Ticket(ticket_id, call_id, at, agent=agent, pii_caller=caller), at)
        editing.note(agent, "created")
        first_fill(editing, Known(phone=caller), FORM)
        return editing.done()

    return make


def opened(tickets: TicketStore, call_id: str, at: float = 1000.0, **more: str) -> Ticket:
    return tickets.open(call_id, "20261119", draft(call_id, at, **more))


def typing(field: str, value: Value, base: int, by: str = "a1", at: float = 2000.0) -> Callable[[Ticket, Past], Edited]:
    def edit(ticket: Ticket, past: Past) -> Edited:
        editing = Editing(ticket, at)
        editing.change(Change(field, value, base), by, past)
        return editing.done()

    return edit


def moved(state: TicketState, **leaves: str) -> Callable[[Ticket, Past], Edited]:
    def edit(ticket: Ticket, _past: Past) -> Edited:
        editing = Editing(ticket, 3000.0)
        editing.note("", state if state != "draft" else "recalled")
        edited = editing.done()
        return replace(edited, ticket=replace(edited.ticket, state=state), leaves=leaves or None)

    return edit


def test_a_call_has_one_ticket_with_the_next_number_of_its_day(tickets: TicketStore) -> None:
    first = opened(tickets, "c1")
    assert first.id == "T-20261119-0001"
    assert opened(tickets, "c1") == first
    assert opened(tickets, "c2").id == "T-20261119-0002"
    assert tickets.open("c3", "20261120", draft("c3")).id == "T-20261120-0001"
    assert tickets.get(first.id) == tickets.of_call("c1") == first
    assert tickets.get("T-20261119-9999") is None
    assert tickets.of_call("c9") is None


def test_a_change_is_kept_with_its_line_of_history(tickets: TicketStore) -> None:
    ticket = opened(tickets, "c1")
    edited = tickets.change(ticket.id, typing("address", "青禾路", 0))
    assert edited is not None
    kept = tickets.get(ticket.id)
    assert kept == edited.ticket
    assert kept is not None
    assert kept.text("address") == "青禾路"
    lines = tickets.history(ticket.id)
    assert [(e.n, e.how, e.field, e.old, e.new, e.by) for e in lines] == [
        (1, "created", "", None, None, "a1"),
        (2, "filled", "contact_phone", None, "13800001234", ""),
        (3, "typed", "address", None, "青禾路", "a1"),
    ]
    assert tickets.change("T-20261119-9999", typing("address", "青禾路", 0)) is None


def test_the_past_of_a_field_decides_about_a_change_that_comes_late(tickets: TicketStore) -> None:
    ticket = opened(tickets, "c1")
    tickets.change(ticket.id, typing("secret", True, 0, by="s1"))
    for _ in range(2):
        edited = tickets.change(ticket.id, typing("secret", False, 0))
        assert edited is not None
        assert edited.conflicts == ("secret",)
    assert [(e.how, e.new) for e in tickets.history(ticket.id)[2:]] == [("typed", True), ("conflict", False)]


def test_an_edit_that_fails_changes_nothing(tickets: TicketStore) -> None:
    ticket = opened(tickets, "c1")

    def broken(_ticket: Ticket, _past: Past) -> Edited:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        tickets.change(ticket.id, broken)
    assert tickets.get(ticket.id) == ticket
    edited = tickets.change(ticket.id, typing("title", "路灯", 0))
    assert edited is not None


def test_tickets_are_found_by_what_they_are(tickets: TicketStore) -> None:
    one = opened(tickets, "c1", 1000.0)
    two = opened(tickets, "c2", 2000.0, caller="13900002215", agent="a2")
    three = opened(tickets, "c3", 3000.0, caller="")
    tickets.change(two.id, moved("closed"))
    tickets.change(one.id, typing("contact_phone", "13700008891", 1))

    def found(wanted: Wanted) -> list[str]:
        return [ticket.call_id for ticket in tickets.find(wanted)]

    assert found(Wanted()) == ["c3", "c2", "c1"]
    assert found(Wanted(limit=2)) == ["c3", "c2"]
    assert found(Wanted(states=("draft",))) == ["c3", "c1"]
    assert found(Wanted(agent="a2")) == ["c2"]
    assert found(Wanted(since=2000.0, until=3000.0)) == ["c2"]
    assert found(Wanted(number="13800001234")) == found(Wanted(number="13700008891")) == ["c1"]
    assert found(Wanted(calls=["c1", "c3", "c8"])) == ["c3", "c1"]
    assert found(Wanted(calls=[])) == []
    assert found(Wanted(touched=True)) == ["c1"]
    assert three.field("contact_phone").value is None


def test_two_tickets_are_one_matter_until_somebody_says_otherwise(tickets: TicketStore) -> None:
    one, two = opened(tickets, "c1"), opened(tickets, "c2")
    for _ in range(2):
        pair = tickets.relate(one.id, two.id, "same", "a1", 2000.0)
        assert pair is not None
        assert pair[0].related == (Relation(two.id, "same"),)
        assert pair[1].related == (Relation(one.id, "same"),)
    assert [(e.how, e.new) for e in tickets.history(two.id)[2:]] == [("same", one.id)]

    tickets.relate(two.id, one.id, "different", "s1", 2100.0)
    kept = tickets.get(one.id)
    assert kept is not None
    assert kept.related == (Relation(two.id, "different"),)
    edited = tickets.change(one.id, typing("title", "路灯", 0))
    assert edited is not None
    assert tickets.get(one.id) == edited.ticket
    assert tickets.relate(one.id, one.id, "same", "a1", 1.0) is None
    assert tickets.relate(one.id, "T-1", "same", "a1", 1.0) is None


def test_what_leaves_is_fetched_by_cursor_and_delivered_once(tickets: TicketStore) -> None:
    ids = [opened(tickets, f"c{n}").id for n in range(4)]
    for n, state in enumerate(("sent", "closed", "sent")):
        tickets.change(ids[n], moved(state, id=ids[n]))
    tickets.change(ids[3], moved("closed"))

    def fetched(left: list[Left]) -> list[tuple[int, str]]:
        return [(one.seq, one.body["id"]) for one in left]

    assert fetched(tickets.left(0, ("sent",), 9)) == [(1, ids[0]), (3, ids[2])]
    assert fetched(tickets.left(1, ("sent", "closed"), 9)) == [(2, ids[1]), (3, ids[2])]
    assert fetched(tickets.left(0, ("sent", "closed"), 1)) == [(1, ids[0])]

    assert fetched(tickets.undelivered(3000.0, 9)) == [(1, ids[0]), (2, ids[1]), (3, ids[2])]
    assert tickets.undelivered(2999.0, 9) == []
    tickets.delivered(1, 3001.0)
    tickets.not_delivered(2, 3060.0, "HTTP 500")
    assert fetched(tickets.undelivered(3001.0, 9)) == [(3, ids[2])]
    (again, _) = tickets.undelivered(3060.0, 9)
    assert (again.attempts, again.problem, again.delivered_at) == (1, "HTTP 500", None)
    assert tickets.left(0, ("sent",), 1)[0].delivered_at == 3001.0


def test_marks_of_a_citizen(tickets: TicketStore) -> None:
    tickets.set_tags("13800001234", ["elderly", "poor_sight", "elderly"], "a1", 1.0)
    assert tickets.tags(["13800001234", "+8613800001234"]) == ["elderly", "poor_sight"]
    tickets.set_tags("13800001234", [], "a1", 2.0)
    assert tickets.tags(["13800001234"]) == []


def test_calls_of_a_citizen_the_newest_first(store: Store) -> None:
    for n in range(4):
        store.drain(answered_call(f"c{n}", 1000.0 * n, caller="13800001234"))
    store.drain(lost_call("c9", 9000.0, caller="+8613800001234"))
    store.drain(lost_call("c8", 9500.0, caller="13900002215"))

    found = store.calls_of(["13800001234", "+8613800001234"], 1000.0, 3)

    assert [record.call_id for record in found] == ["c9", "c3", "c2"]
    assert found[1] == store.call(CallId("c3"))
    assert store.calls_of([], 0.0, 9) == []


def test_two_daemons_never_give_a_number_twice(sql_url: str) -> None:
    """Each opens a ticket for each of the same calls, and for calls of its own."""
    stores = [SqlStore.open(sql_url) for _ in range(2)]
    made: list[Ticket] = []

    def work(n: int) -> None:
        tickets = SqlTickets(stores[n], b"key")
        for call in range(25):
            made.append(opened(tickets, f"both{call}"))
            made.append(opened(tickets, f"own{n}-{call}"))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    by_call = {ticket.call_id: ticket.id for ticket in made}
    assert len(by_call) == len(set(by_call.values())) == 75
    assert all(by_call[ticket.call_id] == ticket.id for ticket in made)
    assert sorted(by_call.values())[-1] == "T-20261119-0075"
    for store in stores:
        store.close()


def test_a_number_stands_in_no_column_that_is_searched_and_a_new_key_finds_it_again(sql_url: str) -> None:
    store = SqlStore.open(sql_url)
    opened(SqlTickets(store, b"old key"), "c1")
    new = SqlTickets(store, b"new key")
    assert new.find(Wanted(number="13800001234")) == []
    assert (new.rekey(), new.rekey()) == (1, 0)
    assert [ticket.call_id for ticket in new.find(Wanted(number="13800001234"))] == ["c1"]
    with store.transaction(write=False) as connection:
        row = connection.execute(sa.text("SELECT * FROM ticket")).mappings().one()
    assert all("13800001234" not in str(value) for name, value in row.items() if name != "body")
    store.close()


def test_a_guess_beside_the_value_is_kept(tickets: TicketStore) -> None:
    ticket = opened(tickets, "c1")

    def guess(ticket: Ticket, _past: Past) -> Edited:
        editing = Editing(ticket, 5.0)
        editing.guess("address", Guess("青禾路", "speech", 0.9, {"zh": "因为", "en": "because"}))
        editing.guess("address", Guess("清河路", "speech", 0.5))
        return editing.done()

    edited = tickets.change(ticket.id, guess)
    assert edited is not None
    assert tickets.get(ticket.id) == edited.ticket
