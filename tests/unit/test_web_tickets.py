"""Tickets by REST, as the desk page, a supervisor and the city's platform ask."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cti.accounts.people import Role
from cti.tickets.model import FIELDS
from cti.tickets.refusals import TicketsAway
from cti.web.tickets import FieldName, TicketRoutes
from tests.support.accounts import ADMIN, Accounts
from tests.support.ticket_desk import TicketDesk
from tests.unit.test_desk_tickets import LIGHT

Client = TestClient[web.Request, web.Application]


class Web:
    def __init__(self) -> None:
        self.desk = TicketDesk()
        self.accounts = Accounts(self.desk.exchange)
        self.accounts.add("boss", Role.SUPERVISOR)
        self.app = self.accounts.app(TicketRoutes(self.desk.desk).routes())

    async def ask(
        self, client: Client, user: str, method: str, path: str, body: object = None, status: int = 200
    ) -> Any:
        headers = ADMIN if user == "token" else await self.accounts.headers(user)
        async with client.request(method, path, json=body, headers=headers) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json()


@pytest.fixture
async def house() -> AsyncIterator[Web]:
    made = Web()
    yield made
    await made.desk.stop()


@pytest.fixture
async def client(house: Web) -> AsyncIterator[Client]:
    async with TestClient(TestServer(house.app)) as client:
        yield client


def typed(base: int = 0, **values: object) -> dict[str, object]:
    return {"changes": [{"field": name, "value": value, "base": base} for name, value in values.items()]}


def test_the_body_names_the_fields_that_there_are() -> None:
    assert FieldName.__args__ == FIELDS  # type: ignore[attr-defined]


async def test_a_ticket_from_the_offer_to_the_platform(house: Web, client: Client) -> None:
    ticket = await house.desk.offered()
    shown = await house.ask(client, "a1", "GET", "/api/calls/c1/ticket")
    assert shown["id"] == ticket.id
    path = f"/api/tickets/{ticket.id}"
    shown = await house.ask(client, "a1", "PATCH", path, typed(**LIGHT))
    assert shown["fields"]["matter"]["value"] == LIGHT["matter"]
    assert shown["fields"]["department"]["value"] == "urban_management"
    refused = await house.ask(client, "a1", "POST", f"{path}/submit", {"finish": "not_accepted"}, 422)
    assert (refused["error"], refused["faults"][0]["field"]) == ("incomplete", "finish")
    assert (await house.ask(client, "a1", "POST", f"{path}/submit", {"finish": "dispatch"}))["state"] == "submitted"
    assert (await house.ask(client, "a1", "POST", f"{path}/recall"))["state"] == "draft"
    refused = await house.ask(client, "token", "POST", f"{path}/close", status=409)
    assert refused["error"] == "not_sent"
    lines = await house.ask(client, "a1", "GET", f"{path}/history")
    assert [line["how"] for line in lines][:2] == ["created", "filled"]
    assert [line["how"] for line in lines][-2:] == ["submitted", "recalled"]


async def test_a_conflict_has_the_ticket_and_both_values(house: Web, client: Client) -> None:
    ticket = await house.desk.offered()
    path = f"/api/tickets/{ticket.id}"
    await house.ask(client, "boss", "PATCH", path, typed(urgency="urgent"))
    refused = await house.ask(client, "a1", "PATCH", path, typed(urgency="normal", title="路灯"), 409)
    assert refused["error"] == "conflict"
    assert refused["fields"] == [{"field": "urgency", "yours": "normal"}]
    assert refused["ticket"]["fields"]["urgency"]["value"] == "urgent"
    assert refused["ticket"]["fields"]["title"]["value"] == "路灯"
    refused = await house.ask(client, "a1", "PATCH", path, typed(type="nonsense"), 422)
    assert refused["faults"][0]["message"]["zh"] == "诉求类型没有这个选项，请重新选择"


@pytest.mark.parametrize(
    "change",
    [
        {"field": "headline", "value": "x", "base": 0},
        {"field": "title", "value": "x"},
        {"field": "title", "value": 5, "base": 0},
        {"field": "title", "value": "x", "base": -1},
        {"field": "title", "value": "x", "base": 0, "how": "filled"},
        {"field": "title", "value": "x", "base": 0, "by": "a2"},
    ],
)
async def test_a_change_that_makes_no_sense_is_refused(house: Web, client: Client, change: dict[str, object]) -> None:
    ticket = await house.desk.offered()
    refused = await house.ask(client, "a1", "PATCH", f"/api/tickets/{ticket.id}", {"changes": [change]}, 400)
    assert refused["error"] == "bad_body"


async def test_what_is_not_his_is_not_there_for_an_agent(house: Web, client: Client) -> None:
    ticket = await house.desk.offered()
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", typed(title="x")),
        ("GET", "/history", None),
        ("GET", "/duplicates", None),
        ("POST", "/submit", {"finish": "silent"}),
        ("POST", "/recall", None),
        ("POST", "/relate", {"other": "T-1", "same": True}),
    ):
        refused = await house.ask(client, "a2", method, f"/api/tickets/{ticket.id}{path}", body, 404)
        assert refused["error"] == "unknown_ticket"
    assert await house.ask(client, "a2", "GET", "/api/tickets") == []
    await house.ask(client, "a1", "POST", f"/api/tickets/{ticket.id}/close", status=403)


async def test_numbers_are_for_those_on_the_ticket(house: Web, client: Client) -> None:
    ticket = await house.desk.offered()
    for user, number in (("a1", "13800001234"), ("boss", "138****1234"), ("token", "138****1234")):
        shown = await house.ask(client, user, "GET", f"/api/tickets/{ticket.id}")
        assert shown["fields"]["contact_phone"]["value"] == number
    assert (await house.ask(client, "a1", "GET", f"/api/tickets/{ticket.id}"))["editing"] == ["a1", "boss"]


async def test_lists(house: Web, client: Client) -> None:
    await house.desk.offered()
    for query in ("", "?state=draft,sent", "?agent=a1", "?from=1&until=9999999999", "?phone=13800001234", "?limit=5"):
        (row,) = await house.ask(client, "boss", "GET", f"/api/tickets{query}")
        assert row["call_id"] == "c1"
    for query in ("?state=closed", "?touched=true", "?until=5", "?phone=110"):
        assert await house.ask(client, "boss", "GET", f"/api/tickets{query}") == []
    for query in ("?state=lost", "?from=x", "?limit=-1", "?from=nan"):
        await house.ask(client, "boss", "GET", f"/api/tickets{query}", status=400)
    assert await house.ask(client, "token", "GET", "/api/tickets?since=0") == []
    await house.ask(client, "boss", "GET", "/api/tickets?since=0", status=403)
    assert ("boss", "tickets_of_number", "") in house.accounts.trail.noted


async def test_the_form(house: Web, client: Client) -> None:
    form = await house.ask(client, "a1", "GET", "/api/ticket-form")
    assert [field["name"] for field in form["fields"]] == list(FIELDS)
    assert form["recall_s"] == 10.0
    assert "nothing" not in {finish["id"] for finish in form["finishes"]}
    assert form["sample"] == ["departments", "matters", "streets", "deadlines", "menu"]


async def test_marks(house: Web, client: Client) -> None:
    await house.desk.offered()
    assert await house.ask(client, "a1", "PUT", "/api/calls/c1/tags", {"tags": ["elderly"]}) == {"tags": ["elderly"]}
    assert (await house.ask(client, "a1", "PUT", "/api/calls/c1/tags", {"tags": ["x"]}, 422))["error"] == "bad_value"
    await house.ask(client, "a1", "PUT", "/api/calls/c9/tags", {"tags": []}, 404)


async def test_a_database_that_is_away(house: Web, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_args: object) -> None:
        raise TicketsAway

    ticket = await house.desk.offered()
    monkeypatch.setattr(house.desk.book, "change", away)
    refused = await house.ask(client, "a1", "PATCH", f"/api/tickets/{ticket.id}", typed(title="x"), 503)
    assert refused["error"] == "tickets_away"


_SCALAR = st.none() | st.booleans() | st.integers(-3, 2**70) | st.text(max_size=6)
_CHANGE = st.fixed_dictionaries(
    {"field": st.sampled_from([*FIELDS, "x"]), "base": st.integers(-1, 4) | _SCALAR},
    optional={
        "value": _SCALAR | st.sampled_from(["urgent", "dongcheng", "traffic", "T-20261119-0001", "1" * 50]),
        "how": st.sampled_from(["typed", "confirmed", "taken", "cleared", "x"]),
    },
)
_REQUEST = st.one_of(
    st.tuples(st.just(("PATCH", "")), st.fixed_dictionaries({"changes": st.lists(_CHANGE, max_size=4)})),
    st.tuples(st.just(("POST", "/submit")), st.fixed_dictionaries({"finish": _SCALAR | st.just("silent")})),
    st.tuples(st.just(("POST", "/recall")), st.none()),
    st.tuples(st.just(("POST", "/relate")), st.fixed_dictionaries({"other": _SCALAR, "same": _SCALAR})),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(_REQUEST, st.sampled_from(["a1", "boss", "token"])), max_size=8))
def test_whatever_is_sent_gets_an_answer_of_ours(requests: list[tuple[tuple[tuple[str, str], Any], str]]) -> None:
    async def run() -> None:
        house = Web()
        ticket = await house.desk.offered()
        async with TestClient(TestServer(house.app)) as client:
            for ((method, path), body), user in requests:
                headers = ADMIN if user == "token" else await house.accounts.headers(user)
                url = f"/api/tickets/{ticket.id}{path}"
                async with client.request(method, url, json=body, headers=headers) as answer:
                    said = await answer.json()
                    assert answer.status in (200, 400, 404, 409, 422), said
                    assert answer.status == 200 or {"error", "message"} <= said.keys()
            lines = house.desk.store.history(ticket.id)
            assert [line.n for line in lines] == list(range(1, len(lines) + 1))
        await house.desk.stop()

    asyncio.run(run())
