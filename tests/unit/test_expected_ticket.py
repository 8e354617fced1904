"""How long the ticket of a talk is expected to take."""

from __future__ import annotations

from pathlib import Path

from cti.tickets.expected import expected_ticket_s
from cti.tickets.form import MenuHint, load_form
from tests.support.town import Town

FORM = load_form().model_copy(
    update={
        "menu": {"ask": MenuHint(type="consultation"), "noise": MenuHint(type="complaint", matter="order.city.noise")}
    }
)


def test_it_is_what_the_queue_takes_of_late() -> None:
    assert expected_ticket_s(45.0, ["greeting", "general"], FORM) == 45.0
    assert expected_ticket_s(90.0, [], FORM) == 90.0


def test_a_question_is_typed_more_quickly() -> None:
    assert expected_ticket_s(50.0, ["greeting", "ask", "general"], FORM) == 30.0
    assert expected_ticket_s(50.0, ["ask", "noise", "general"], FORM) == 50.0  # he went back and chose otherwise


async def test_the_waiting_room_knows_what_its_queues_take(tmp_path: Path) -> None:
    room = Town(tmp_path, wrap_up_s=20.0).room
    assert room.wrap_up_s("general") == 20.0  # the setting, before the first call

    room._handling.add("enterprise", 200.0, 50.0)
    room._handling.add("general", 100.0, 30.0)

    assert (room.wrap_up_s("general"), room.wrap_up_s("enterprise"), room.wrap_up_s("new")) == (30.0, 50.0, 40.0)
