"""Changes of a draft: given what it is and what its authors had seen, when they change it, then what stands in it."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.tickets.edit import Change, Edited, Editing, PersonHow
from cti.tickets.first_fill import Known, first_fill, follow_rules
from cti.tickets.form import load_form
from cti.tickets.model import FIELDS, Entry, Guess, Ticket, Value, ticket_from_json, ticket_json

FORM = load_form()
ME, SUPERVISOR = "a1001", "s9001"


class Draft:
    """A ticket with its whole history, as a store keeps it."""

    def __init__(self) -> None:
        self.ticket = Ticket("T-20261119-0001", "c1", created_at=1000.0)
        self.history: list[Entry] = []
        self.now = 1000.0

    def past(self, field: str, version: int) -> list[Entry]:
        return [e for e in self.history if e.field == field and e.version > version]

    def change(self, field: str, value: Value, base: int, by: str = ME, how: PersonHow = "typed") -> Edited:
        editing = self._editing()
        editing.change(Change(field, value, base, how), by, self.past)
        return self._take(editing)

    def guess(self, field: str, value: Value, sure: float = 0.9) -> Edited:
        editing = self._editing()
        editing.guess(field, Guess(value, "speech", sure))
        return self._take(editing)

    def _editing(self) -> Editing:
        self.now += 1.0
        return Editing(self.ticket, self.now)

    def _take(self, editing: Editing) -> Edited:
        edited = editing.done()
        assert [e.n for e in edited.entries] == list(range(self.ticket.version + 1, edited.ticket.version + 1))
        self.ticket = edited.ticket
        self.history += edited.entries
        return edited


def test_what_is_typed_is_the_agents_own() -> None:
    draft = Draft()
    draft.change("address", "青禾路 16 号", 0)

    field = draft.ticket.field("address")
    assert (field.value, field.source, field.state, field.version, field.by) == ("青禾路 16 号", "agent", "own", 1, ME)
    assert (draft.ticket.version, draft.ticket.saved_at) == (1, 1001.0)


def test_two_people_in_different_fields_do_not_disturb_each_other() -> None:
    draft = Draft()
    assert not draft.change("address", "青禾路", 0).conflicts
    assert not draft.change("urgency", "urgent", 0, by=SUPERVISOR).conflicts
    assert (draft.ticket.text("address"), draft.ticket.text("urgency")) == ("青禾路", "urgent")


def test_two_people_in_one_field_the_first_counts_and_both_are_in_the_history() -> None:
    draft = Draft()
    draft.change("urgency", "urgent", 0, by=SUPERVISOR)

    edited = draft.change("urgency", "normal", 0)

    assert edited.conflicts == ("urgency",)
    assert draft.ticket.text("urgency") == "urgent"
    assert [(e.by, e.how, e.new) for e in draft.history] == [
        (SUPERVISOR, "typed", "urgent"),
        (ME, "conflict", "normal"),
    ]

    assert not draft.change("urgency", "normal", base=1).conflicts  # "keep mine"
    assert draft.ticket.text("urgency") == "normal"


def test_both_write_the_same_and_nobody_is_asked() -> None:
    draft = Draft()
    draft.change("urgency", "urgent", 0, by=SUPERVISOR)
    assert draft.change("urgency", "urgent", 0) == Edited(draft.ticket)


@pytest.mark.parametrize(("how", "value"), [("typed", "甲"), ("confirmed", "乙"), ("cleared", None)])
def test_a_change_that_is_sent_twice_is_one(how: PersonHow, value: Value) -> None:
    draft = Draft()
    draft.guess("address", "乙")
    draft.change("address", value, 1, how=how)
    before = draft.ticket

    assert draft.change("address", value, 1, how=how) == Edited(before)


def test_a_change_sent_again_after_somebody_overwrote_it_stays_overwritten() -> None:
    draft = Draft()
    draft.change("address", "甲", 0)
    draft.change("address", "乙", 1, by=SUPERVISOR)

    edited = draft.change("address", "甲", 0)

    assert not edited.conflicts
    assert draft.ticket.text("address") == "乙"


def test_a_conflict_sent_again_is_told_again_and_noted_once() -> None:
    draft = Draft()
    draft.change("address", "甲", 0, by=SUPERVISOR)
    assert draft.change("address", "乙", 0).conflicts == ("address",)
    assert draft.change("address", "乙", 0).conflicts == ("address",)
    assert [e.how for e in draft.history] == ["typed", "conflict"]


def test_nobody_is_in_conflict_with_himself() -> None:
    """Answers were lost, and he typed on."""
    draft = Draft()
    draft.change("content", "路灯", 0)
    assert not draft.change("content", "路灯不亮", 0).conflicts
    assert draft.ticket.text("content") == "路灯不亮"


def test_a_machine_fills_what_is_empty_and_betters_itself() -> None:
    draft = Draft()
    draft.guess("address", "青禾路", 0.7)
    draft.guess("address", "青禾路 16 号", 0.9)
    draft.guess("address", "清河路", 0.5)

    field = draft.ticket.field("address")
    assert (field.value, field.state, field.confidence) == ("青禾路 16 号", "check", 0.9)
    assert [guess.value for guess in field.alternatives] == ["清河路"]


@pytest.mark.parametrize("how", ["typed", "confirmed", "cleared"])
def test_a_machine_never_touches_what_a_person_settled(how: PersonHow) -> None:
    draft = Draft()
    draft.guess("address", "青禾路")
    draft.change("address", None if how == "cleared" else "青禾路", 1, how=how)
    settled = draft.ticket.field("address")

    draft.guess("address", "青禾路 16 号", 1.0)

    field = draft.ticket.field("address")
    assert (field.value, field.state) == (settled.value, settled.state)
    assert field.proposal is not None
    assert field.proposal.value == "青禾路 16 号"

    draft.change("address", None, field.version, how="taken")
    field = draft.ticket.field("address")
    assert (field.value, field.source, field.state, field.proposal) == ("青禾路 16 号", "speech", "confirmed", None)


def test_who_typed_while_a_machine_filled_wins() -> None:
    draft = Draft()
    draft.guess("address", "清河路")
    assert not draft.change("address", "青禾路", 0).conflicts
    assert draft.ticket.text("address") == "青禾路"


def test_who_confirms_confirms_what_he_saw() -> None:
    draft = Draft()
    draft.guess("address", "青禾路", 0.7)
    draft.guess("address", "青禾路 16 号", 0.9)

    draft.change("address", "青禾路", 1, how="confirmed")

    field = draft.ticket.field("address")
    assert (field.value, field.state, field.source) == ("青禾路", "confirmed", "speech")


def test_confirming_an_empty_field_changes_nothing() -> None:
    draft = Draft()
    assert draft.change("address", None, 0, how="confirmed") == Edited(draft.ticket)


def test_a_draft_begins_with_what_is_known() -> None:
    editing = Editing(Ticket("T", "c1", 0.0), 1.0)
    first_fill(editing, Known("13800001234", ["zero_menu", "social_security"], "王女士", "dongcheng"), FORM)
    ticket = editing.done().ticket

    found = {name: (f.value, f.source, f.state) for name, f in ticket.fields.items()}
    assert found == {
        "contact_phone": ("13800001234", "caller_id", "confirmed"),
        "caller_name": ("王女士", "history", "check"),
        "street": ("dongcheng", "history", "check"),
        "matter": ("society.labour.social_security", "menu", "check"),
        "department": ("human_resources", "menu", "check"),
    }
    assert not ticket.touched


def test_a_withheld_number_fills_nothing() -> None:
    editing = Editing(Ticket("T", "c1", 0.0), 1.0)
    first_fill(editing, Known(), FORM)
    assert not editing.done().entries


def test_the_matter_brings_its_department_once_somebody_settled_it() -> None:
    draft = Draft()
    draft.guess("matter", "traffic.parking.move_car")
    editing = Editing(draft.ticket, 9.0)
    follow_rules(editing, FORM)
    assert not editing.done().entries

    draft.change("matter", "traffic.parking.move_car", 1, how="confirmed")
    editing = Editing(draft.ticket, 9.0)
    follow_rules(editing, FORM)
    field = editing.done().ticket.field("department")
    assert (field.value, field.source, field.state) == ("traffic_police", "rule", "check")
    assert field.note == {"zh": "规则：挪车", "en": "Rule: Move a car"}


_CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["address", "title"]),
        st.sampled_from(["甲", "乙", "丙", None]),
        st.integers(0, 3),
        st.sampled_from([ME, SUPERVISOR, ""]),
        st.sampled_from(["typed", "confirmed", "taken", "cleared"]),
        st.booleans(),
    ),
    max_size=12,
)


@given(_CHANGES)
def test_whatever_comes_twice_ends_as_if_it_had_come_once(
    changes: list[tuple[str, Value, int, str, PersonHow, bool]],
) -> None:
    """And every value that a person wrote stands in the history, and the ticket can be read back from its JSON."""
    draft = Draft()
    for field, value, behind, by, how, twice in changes:
        if not by:
            draft.guess(field, value, 0.8)
            continue
        base = max(0, draft.ticket.field(field).version - behind)
        draft.change(field, value, base, by, how)
        if how == "typed" and value is not None:
            assert any(e.new == value for e in draft.history if e.field == field)
        if twice:
            before, noted = draft.ticket, len(draft.history)
            draft.change(field, value, base, by, how)
            assert draft.ticket == before
            assert len(draft.history) == noted
    assert ticket_from_json(orjson.loads(orjson.dumps(ticket_json(draft.ticket)))) == draft.ticket


def test_the_json_has_every_field_and_comes_back() -> None:
    draft = Draft()
    draft.guess("secret", True)
    draft.ticket = replace(draft.ticket, agents=("a1", "a2"), send_at=5.0)
    shown = ticket_json(draft.ticket)
    assert list(shown["fields"]) == list(FIELDS)
    assert ticket_from_json(orjson.loads(orjson.dumps(shown))) == draft.ticket
