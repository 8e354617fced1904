"""The same matter twice: given the open tickets, when a draft is written, then those it may be one with."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime

import pytest

from cti.tickets.duplicates import OpenTickets
from cti.tickets.form import load_form
from cti.tickets.model import Field, Relation, Ticket, TicketState, Value

FORM = load_form()
LIGHT = {
    "matter": "construction.facilities.street_light",
    "street": "dongcheng.zhushan",
    "address": "青禾路公交站",
    "title": "青禾路公交站路灯不亮",
    "content": "市民反映青禾路公交站附近路灯晚上不亮，存在安全隐患。",
}


def ticket(
    id_: str,
    caller: str = "13900002215",
    state: TicketState = "sent",
    related: tuple[Relation, ...] = (),
    **values: Value,
) -> Ticket:
    fields = {name: Field(value, "agent", None, "own", 1, "a1") for name, value in values.items()}
    at = datetime(2026, 11, 16, tzinfo=UTC).timestamp()
    return Ticket(id_, f"c{id_}", at, state=state, fields=fields, pii_caller=caller, related=related)


def known(*tickets: Ticket) -> OpenTickets:
    index = OpenTickets(lambda: FORM, lambda at: datetime.fromtimestamp(at, UTC))
    for one in tickets:
        index.put(one)
    return index


def draft(caller: str = "13800001234", related: tuple[Relation, ...] = (), **values: Value) -> Ticket:
    return ticket("T-new", caller, "draft", related, **values)


TOLD_OTHERWISE = {
    "street": "dongcheng",
    "address": "青禾路，青禾花园东门，公交站至学校门口",
    "content": "上周三晚上开始，小区门口那条路的路灯坏了，青禾路公交站到学校都不亮，昨天有老人摔了一跤，希望尽快修好。",
}


def test_another_caller_about_the_same_lamp() -> None:
    index = known(ticket("T-1", **LIGHT))
    (like,) = index.like(draft(matter=LIGHT["matter"], **TOLD_OTHERWISE))
    assert like.id == "T-1"
    assert like.why["zh"] == "同为道路照明，地点相近，内容相近，11-16 他人来电"
    assert like.why["en"] == "Also street lighting, near place, like text; another caller on 11-16"


def test_before_the_matter_is_chosen_text_and_place_are_enough() -> None:
    assert [like.id for like in known(ticket("T-1", **LIGHT)).like(draft(**TOLD_OTHERWISE))] == ["T-1"]


@pytest.mark.parametrize(
    "other",
    [
        {**LIGHT, "street": "humen"},
        {
            **LIGHT,
            "address": "体育路停车场",
            "title": "体育路有人占道经营",
            "content": "每天晚上摆摊卖烧烤，占了人行道。",
        },
        {"matter": "order.city.noise", "street": "dongcheng", "address": "人民路金地花园楼下", "title": "烧烤店扰民"},
    ],
)
def test_a_road_of_that_name_elsewhere_or_another_matter_is_not_the_same(other: dict[str, Value]) -> None:
    assert known(ticket("T-1", **other)).like(draft(matter=LIGHT["matter"], **TOLD_OTHERWISE)) == []


def test_the_callers_own_open_tickets_come_first_whatever_they_are_about() -> None:
    mine = ticket("T-2", "13800001234", title="医保异地备案")
    index = known(ticket("T-1", **LIGHT), mine)
    found = index.like(draft(**TOLD_OTHERWISE))
    assert [like.id for like in found] == ["T-2", "T-1"]
    assert found[0].why == {"zh": "同一号码 11-16 来电，尚在办理", "en": "Same caller on 11-16, still open"}
    assert index.of_caller(["13800001234"]) == ["T-2"]


def test_who_wrote_nothing_yet_is_shown_his_own_alone() -> None:
    assert known(ticket("T-1", **LIGHT)).like(draft()) == []


@pytest.mark.parametrize("kind", ["same", "different"])
def test_what_was_settled_is_not_asked_again(kind: str) -> None:
    related = (Relation("T-1", "same" if kind == "same" else "different"),)
    assert known(ticket("T-1", **LIGHT)).like(draft(related=related, **TOLD_OTHERWISE)) == []


def test_closed_ones_and_empty_drafts_are_forgotten() -> None:
    index = known(ticket("T-1", **LIGHT), ticket("T-2", **LIGHT), ticket("T-3", **LIGHT))
    index.put(ticket("T-1", state="closed", **LIGHT))
    index.put(Ticket("T-9", "c9", 0.0))
    assert {like.id for like in index.like(draft(**TOLD_OTHERWISE))} == {"T-2", "T-3"}


def test_withheld_numbers_are_not_one_caller() -> None:
    assert known(ticket("T-1", "", title="医保")).like(draft("", title="路灯")) == []


def test_ten_thousand_open_tickets_are_looked_at_in_a_moment() -> None:
    """Measured against one plain pass over the same texts, so that a slow machine fails no test."""
    rng = random.Random(4)
    letters = [chr(c) for c in range(0x4E00, 0x4E00 + 600)]
    streets = [node.id for node in FORM.streets]

    def words(least: int, most: int) -> str:
        return "".join(rng.choices(letters, k=rng.randint(least, most)))

    index = known(
        *(
            ticket(f"T-{n}", str(n), street=rng.choice(streets), address=words(6, 20), content=words(40, 140))
            for n in range(10_000)
        ),
        ticket("T-light", **LIGHT),
    )
    mine = draft(**TOLD_OTHERWISE)
    text = str(TOLD_OTHERWISE["content"])
    others = [f"{one.text}{one.place}" for one in index._known]

    def fastest(job: object) -> float:
        assert callable(job)
        times = []
        for _ in range(5):
            begun = time.perf_counter()
            job()
            times.append(time.perf_counter() - begun)
        return min(times)

    plain = fastest(lambda: [len(set(text) & set(other)) for other in others])
    assert [like.id for like in index.like(mine)] == ["T-light"]
    found = fastest(lambda: index.like(mine))
    assert found < plain, f"{found * 1000:.1f} ms beside {plain * 1000:.1f} ms"
