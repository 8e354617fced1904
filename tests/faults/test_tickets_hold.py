"""Tickets on the running system: there before the telephone rings, through the death of the daemon, to the platform."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from cti.demo.plan import Plan
from tests.support.city import City, citizen, eventually
from tests.support.desk_page import DeskPage, desk_page

pytestmark = pytest.mark.timeout(150)

LIGHT = {
    "type": "help",
    "matter": "construction.facilities.street_light",
    "street": "dongcheng",
    "address": "青禾路公交站",
    "title": "青禾路路灯不亮",
    "content": "青禾路公交站附近路灯晚上不亮。",
}


class Desk:
    """What the page of one agent asks for, by REST."""

    def __init__(self, place: City, token: str) -> None:
        settings = place.stack.settings
        self._address = f"http://{settings.web.host}:{settings.web.port}"
        self._headers = {"Authorization": f"Bearer {token}"}

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        async with (
            aiohttp.ClientSession(headers=self._headers) as session,
            session.request(method, self._address + path, json=body) as answer,
        ):
            return answer.status, await answer.json()

    async def write(self, ticket: str, base: int, **values: str) -> dict[str, Any]:
        changes = [{"field": name, "value": value, "base": base} for name, value in values.items()]
        status, shown = await self.ask("PATCH", f"/api/tickets/{ticket}", {"changes": changes})
        assert status == 200, shown
        return dict(shown)


async def rings(place: City, page: DeskPage, plan: Plan) -> tuple[dict[str, Any], dict[str, Any]]:
    """This citizen calls; the ticket and the story that the page is told of his call."""
    place.dial([plan], rate=5)
    await eventually(lambda: page.call, 10, "the offer")
    call = page.call["call_id"]

    def told(kind: str) -> dict[str, Any] | None:
        said = page.last(kind)
        of = said and (said.get("call_id") or said["ticket"]["call_id"])
        return said if of == call else None

    await eventually(lambda: told("ticket") and told("story"), 5, "ticket and story")
    ticket, story = told("ticket"), told("story")
    assert ticket is not None
    assert story is not None
    return ticket, story


async def test_a_ticket_is_there_at_the_offer_outlives_the_daemon_and_leaves(
    telephones: City, measured: Callable[..., None]
) -> None:
    # Given an agent with an open page, when a citizen is offered to him, then his ticket and his story are there
    api, director = telephones.api, telephones.director
    director.manner.talk_s = (60.0, 60.0)
    (agent,) = await api.add_test_agents(1, {"general": 3}, "t", 60.0)
    await director.add_agents({agent.id: agent.sip_password})
    desk = Desk(telephones, agent.token)
    async with desk_page(telephones.stack, agent.id, time.time()) as page:
        await api.set_status(agent.id, "ready")
        told, story = await rings(telephones, page, citizen(1, rating="1"))
        offered_at = page.call["offered_at"]
        measured(ticket_after_offer_s=told["heard_at"] - offered_at, story_after_offer_s=story["heard_at"] - offered_at)
        ticket, caller = told["ticket"], page.call["pii_caller"]
        assert ticket["agent"] == agent.id
        assert ticket["fields"]["contact_phone"]["value"] == caller
        assert story["story"]["repeat_7d"] == 1
        await eventually(lambda: telephones.talks, 10, "a talk")
        await desk.write(ticket["id"], 0, title=LIGHT["title"], content="青禾路公交站")

    # When the daemon is killed in mid word
    killed, _ = telephones.stack.kill_daemon(signal.SIGKILL)
    await eventually(lambda: telephones.stack.ready[0] not in (0, killed), 10, "a new daemon")

    # Then the same draft is told again, with every word; the change whose answer may have been lost counts once
    async with desk_page(telephones.stack, agent.id, time.time()) as page:
        await eventually(lambda: page.last("ticket"), 10, "the draft")
        again = page.last("ticket")
        assert again is not None
        assert again["ticket"]["id"] == page.call["ticket"] == ticket["id"]
        assert again["ticket"]["fields"]["content"]["value"] == "青禾路公交站"
        assert (await desk.write(ticket["id"], 0, content="青禾路公交站"))["fields"]["content"]["version"] == 1
        rest = {name: value for name, value in LIGHT.items() if name != "title"}
        del rest["content"]
        await desk.write(ticket["id"], 0, **rest)
        shown = await desk.write(ticket["id"], 1, content=LIGHT["content"])
        assert shown["fields"]["department"]["value"] == "urban_management"

        # When the talk is over and he submits, it leaves after ten seconds, with the recording
        telephones.end_talks()
        await eventually(lambda: page.desk["state"] == "wrap_up", 10, "after-call work")
        status, shown = await desk.ask("POST", f"/api/tickets/{ticket['id']}/submit", {"finish": "dispatch"})
        assert (status, shown["state"]) == (200, "submitted"), shown
        await eventually(lambda: _left(telephones), 20, "it has left", every_s=0.2)
        (left,) = await _left(telephones)
        assert left["id"] == ticket["id"]
        assert left["fields"]["contact_phone"] == caller
        assert len(left["recordings"]) == 1
        measured(left_after_submit_s=left["left_at"] - shown["saved_at"])

        # And when the same citizen calls again by another network, his open ticket is in his story
        await telephones.over(20)
        await api.set_status(agent.id, "ready")
        director.manner.talk_s = (0.3, 0.3)
        _, story = await rings(telephones, page, replace(citizen(2, rating="1"), number=f"0086{caller}"))
        assert [row["id"] for row in story["story"]["tickets"]] == [ticket["id"]]
        assert [call["outcome"] for call in story["story"]["calls"]] == ["answered"]
    await telephones.over(20)


async def _left(place: City) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await place.api._ask("GET", "/api/tickets?since=0&state=sent")
    return found
