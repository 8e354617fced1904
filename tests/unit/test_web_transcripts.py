"""What was said, by REST: who gets it whole, who with stars, and how far a search looks back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from agents.roster import Agent
from cti.accounts.people import Role
from cti.calls import AgentFact, AgentId, CallId, Milestone
from cti.exchange import Exchange
from cti.switchboard import Switchboard
from cti.web.transcripts import TranscriptRoutes
from recordings.spoken import Hit, Line, Spoken
from recordings.transcript import Word
from tests.support.accounts import Accounts

NOW = 1_763_700_000.0
DAY_S = 86_400.0
SAID = Spoken(
    "c1", "1", "recording", "d/c1-1.wav", 1000.0, 9.0, "m", 2000.0,
    (
        Line("agent", (Word("您的电话", 0.0, 0.8, 0.9),)),
        Line("citizen", (Word("一三八", 1.0, 1.5, 0.9), Word("零零零零一二三四", 1.6, 3.0, 0.8))),
    ),
)  # fmt: skip


class House:
    def __init__(self) -> None:
        board = Switchboard(0.0)
        board.set_roster({AgentId(a): Agent(AgentId(a), a, {"general": 3}) for a in ("a1", "a2")})
        self.exchange = Exchange(board, self, lambda: NOW)
        for agent in ("a1", "a2"):
            self.exchange.agent(AgentFact.LOGGED_IN, AgentId(agent))
        self.accounts = Accounts(self.exchange)
        self.accounts.add("boss", Role.SUPERVISOR)
        self.accounts.add("root", Role.ADMINISTRATOR)
        self.asked: list[tuple[float, float, int]] = []
        self.hits: list[Hit] = []
        self.away = False
        routes = TranscriptRoutes(self._of_call, self._is_his, self._search, lambda: NOW)
        self.app = self.accounts.app(routes.routes())

    def append(self, milestone: Milestone) -> None:
        pass

    async def _of_call(self, call_id: CallId) -> Sequence[Spoken] | None:
        if self.away:
            raise TimeoutError
        return [SAID] if call_id == "c1" else None

    async def _is_his(self, call_id: CallId, user: str) -> bool:
        return user == "a1"

    async def _search(self, text: str, since: float, until: float, limit: int) -> Sequence[Hit]:
        self.asked.append((since, until, limit))
        return [hit for hit in self.hits if since <= hit.at < until and text in hit.pii_text][:limit]


@pytest.fixture
async def house() -> House:
    return House()


@pytest.fixture
async def client(house: House) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    async with TestClient(TestServer(house.app)) as client:
        yield client
    house.exchange.stop()


Client = TestClient[web.Request, web.Application]


async def got(house: House, client: Client, user: str, path: str, status: int = 200) -> Any:
    answer = await client.get(path, headers=await house.accounts.headers(user))
    assert answer.status == status, await answer.text()
    return await answer.json()


def texts(answer: Any) -> list[str]:
    return [line["text"] for segment in answer["segments"] for line in segment["lines"]]


async def test_an_agent_reads_what_was_said_to_him_and_nothing_else(house: House, client: Client) -> None:
    answer = await got(house, client, "a1", "/api/calls/c1/transcript")
    assert texts(answer) == ["您的电话", "一三八零零零零一二三四"]
    assert answer["masked"] is False
    assert answer["segments"][0]["lines"][1]["words"][0] == ["一三八", 1.0, 1.5, 0.9]
    assert "file" not in answer["segments"][0]
    assert (await got(house, client, "a2", "/api/calls/c1/transcript", 404))["error"] == "unknown_call"
    assert house.accounts.trail.noted == []


async def test_a_supervisor_reads_it_with_stars_and_whole_when_it_is_noted(house: House, client: Client) -> None:
    answer = await got(house, client, "boss", "/api/calls/c1/transcript")
    assert texts(answer) == ["您的电话", "一三八********"]
    assert (answer["masked"], house.accounts.trail.noted) == (True, [])
    whole = await got(house, client, "boss", "/api/calls/c1/transcript?full=1")
    assert texts(whole)[1] == "一三八零零零零一二三四"
    assert house.accounts.trail.noted == [("boss", "transcript_viewed", "c1")]
    await got(house, client, "boss", "/api/calls/c9/transcript", 404)


async def test_who_runs_the_machine_reads_no_talks(house: House, client: Client) -> None:
    await got(house, client, "root", "/api/calls/c1/transcript", 403)
    await got(house, client, "a1", "/api/transcripts?q=电话", 403)


async def test_a_database_that_is_away_is_no_empty_talk(house: House, client: Client) -> None:
    house.away = True
    assert (await got(house, client, "boss", "/api/calls/c1/transcript", 503))["error"] == "records_behind"


async def test_a_search_goes_back_day_by_day_until_it_has_enough(house: House, client: Client) -> None:
    house.hits = [
        Hit("c2", "1", 3, NOW - 100, "citizen", "打13800001234这个电话"),
        Hit("c1", "1", 0, NOW - 2.5 * DAY_S, "agent", "您的电话"),
        Hit("c0", "1", 0, NOW - 6 * DAY_S, "agent", "您的电话"),
    ]
    answer = await got(house, client, "boss", "/api/transcripts?q=电话&limit=2")
    assert [line["text"] for line in answer["lines"]] == ["打138********这个电话", "您的电话"]
    assert answer["searched_from"] == NOW - 2.5 * DAY_S
    assert [limit for _, _, limit in house.asked] == [2, 1, 1]
    assert house.accounts.trail.noted == [("boss", "transcripts_searched", "")]
    assert house.accounts.trail.data == [{"pii_q": "电话"}]

    rest = await got(house, client, "boss", f"/api/transcripts?q=电话&until={answer['searched_from']}")
    assert [line["call_id"] for line in rest["lines"]] == ["c0"]


async def test_a_search_that_takes_long_says_how_far_it_came(
    house: House, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cti.web.transcripts._PATIENCE_S", 0.0)
    answer = await got(house, client, "boss", "/api/transcripts?q=电话")
    assert (answer["lines"], answer["searched_from"]) == ([], NOW + 1)


@pytest.mark.parametrize(
    "wrong", ["q=", "q=灯", f"q={'灯' * 101}", "q=电话&from=x", "q=电话&from=0", "q=电话&limit=-1"]
)
async def test_what_cannot_be_searched_for_is_refused(house: House, client: Client, wrong: str) -> None:
    await got(house, client, "boss", f"/api/transcripts?{wrong}", 400)
    await asyncio.sleep(0)
    assert house.asked == []
