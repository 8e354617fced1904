"""Logging in and out as a browser does it, on a real server in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from http.cookies import Morsel
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from argon2 import PasswordHasher

from agents.roster import Agent
from cti.accounts import passwords, throttle
from cti.accounts.people import Role
from cti.accounts.throttle import LOCK_S
from cti.calls import AgentFact, AgentId, Milestone
from cti.exchange import Exchange
from cti.switchboard import Switchboard
from cti.web.http import COOKIE
from tests.support.accounts import Accounts

pytestmark = pytest.mark.usefixtures("no_blocking_on_the_loop")

RIGHT = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("right")
A1 = AgentId("a1")
Answer = tuple[int, dict[str, Any]]


class House:
    """One agent a1, one supervisor li; both have the password `right`."""

    def __init__(self) -> None:
        self.now = 1_763_700_000.0
        self.journal: list[Milestone] = []
        self.board = Switchboard(20.0)
        self.board.set_roster({A1: Agent(A1, "林小燕", {"general": 3}, password_hash=RIGHT)})
        self.exchange = Exchange(self.board, self, lambda: self.now)
        self.accounts = Accounts(self.exchange)
        self.accounts.add("li", Role.SUPERVISOR, password_hash=RIGHT)

    def append(self, milestone: Milestone) -> None:
        self.journal.append(milestone)
        self.accounts.routes.heard([milestone])

    @property
    def status(self) -> str:
        return self.board.desks[A1].status


class Browser:
    """Keeps cookies, and says what a page of ours says."""

    def __init__(self, server: TestServer, address: str = "127.0.0.1") -> None:
        jar = aiohttp.CookieJar(unsafe=True)
        self.client: TestClient[web.Request, web.Application] = TestClient(server, cookie_jar=jar)
        self.headers = {"Origin": str(server.make_url("")).rstrip("/"), "X-Forwarded-For": address}

    async def post(self, path: str, body: dict[str, Any] | None = None) -> Answer:
        answer = await self.client.post(path, json=body or {}, headers=self.headers)
        return answer.status, await answer.json()

    async def get(self, path: str) -> Answer:
        answer = await self.client.get(path)
        return answer.status, await answer.json()

    async def log_in(self, user: str = "a1", password: str = "right", **more: object) -> Answer:
        status, body = await self.post("/api/login", {"user": user, "password": password, **more})
        if status == 200:
            self.headers["X-CSRF-Token"] = body["csrf"]
        return status, body

    @property
    def cookie(self) -> Morsel[str]:
        [cookie] = [cookie for cookie in self.client.session.cookie_jar if cookie.key == COOKIE]
        return cookie


@pytest.fixture
async def house() -> House:
    return House()


@pytest.fixture
async def server(house: House) -> AsyncIterator[TestServer]:
    async with TestServer(house.accounts.app(house.accounts.routes.routes())) as server:
        yield server


@pytest.fixture
async def browser(server: TestServer) -> AsyncIterator[Browser]:
    browser = Browser(server)
    yield browser
    await browser.client.session.close()


@pytest.fixture
async def other(server: TestServer) -> AsyncIterator[Browser]:
    browser = Browser(server, "10.0.0.7")
    yield browser
    await browser.client.session.close()


async def test_an_agent_logs_in_begins_on_a_break_and_logs_out(house: House, browser: Browser) -> None:
    status, body = await browser.log_in(seat="A-032")
    assert status == 200
    assert body["user"] == {"id": "a1", "name": "林小燕", "roles": ["agent"], "agent": True, "seat": "A-032"}
    assert house.status == "break"
    cookie = browser.cookie
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["secure"]) == (True, "Strict", "/", "")
    assert cookie.value == body["token"]

    assert await browser.get("/api/me") == (200, {"user": body["user"], "csrf": body["csrf"]})
    assert (await browser.post("/api/logout"))[0] == 200
    assert house.status == "offline"
    assert (await browser.get("/api/me"))[0] == 401


async def test_behind_tls_the_cookie_goes_by_tls_alone(browser: Browser) -> None:
    browser.headers["X-Forwarded-Proto"] = "https"
    body = {"user": "a1", "password": "right"}
    answer = await browser.client.post("/api/login", json=body, headers=browser.headers)
    assert answer.cookies[COOKIE]["secure"]


async def test_a_supervisor_has_no_desk(house: House, browser: Browser) -> None:
    _, body = await browser.log_in("li")
    assert (body["user"]["roles"], body["user"]["agent"]) == (["supervisor"], False)
    assert not house.journal


async def test_a_wrong_password_is_counted_down_and_locked_in_the_same_words_for_every_name(
    house: House, browser: Browser
) -> None:
    seen = {}
    for name in ("a1", "nobody"):
        seen[name] = [await browser.log_in(name, "wrong") for _ in range(6)]
    assert seen["a1"] == seen["nobody"]
    assert [(status, body["error"], body.get("tries_left")) for status, body in seen["a1"]] == [
        *((401, "wrong_password", left) for left in (4, 3, 2, 1)),
        (429, "locked", None),
        (429, "locked", None),
    ]
    assert seen["a1"][-1][1]["until"] == house.now + LOCK_S
    assert (await browser.log_in())[0] == 429, "the right one is not tried either"
    house.now += LOCK_S
    assert (await browser.log_in())[0] == 200


async def test_a_supervisor_unlocks_a_name(browser: Browser, other: Browser) -> None:
    for _ in range(5):
        await browser.log_in(password="wrong")
    await other.log_in("li")
    assert (await other.post("/api/accounts/a1/unlock"))[0] == 200
    assert (await browser.log_in())[0] == 200


async def test_one_address_guessing_names_does_not_keep_others_out(
    browser: Browser, other: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "ADDRESS_TRIES", 8)
    for n in range(8):
        await other.log_in(f"name{n}", "wrong")
    status, body = await other.log_in()
    assert (status, body["error"]) == (429, "address_locked")
    assert (await browser.log_in())[0] == 200


async def test_who_is_logged_in_elsewhere_is_asked_first_and_is_ready_nowhere(
    house: House, browser: Browser, other: Browser
) -> None:
    await other.log_in(seat="A-032")
    house.exchange.agent(AgentFact.STATUS, A1, {"status": "ready"})
    house.now += 5

    status, body = await browser.log_in(seat="B-001")
    assert (status, body["error"], body["seat"], body["since"]) == (409, "logged_in_elsewhere", "A-032", house.now - 5)
    assert house.status == "ready", "nothing has happened yet"

    assert (await browser.log_in(seat="B-001", force=True))[0] == 200
    assert (await other.get("/api/me"))[0] == 401
    assert (await browser.get("/api/me"))[0] == 200
    assert house.status == "break"


async def test_the_same_browser_is_not_elsewhere(house: House, browser: Browser) -> None:
    await browser.log_in()
    first = browser.cookie.value
    assert (await browser.log_in())[0] == 200
    assert browser.cookie.value != first
    assert await house.accounts.sessions.find(first) is None


async def test_another_user_at_the_same_browser_logs_the_first_one_out(house: House, browser: Browser) -> None:
    await browser.log_in()
    await browser.log_in("li")
    assert house.status == "offline"
    assert (await browser.get("/api/me"))[1]["user"]["id"] == "li"


@pytest.mark.parametrize("reason", ["page_away", "removed"])
async def test_who_is_logged_out_at_his_desk_has_no_session_any_more(
    house: House, browser: Browser, reason: str
) -> None:
    await browser.log_in()
    house.now += 1
    house.exchange.agent(AgentFact.LOGGED_OUT, A1, {"reason": reason})
    assert (await browser.get("/api/me"))[0] == 401
    assert (await browser.log_in())[0] == 200
    assert (await browser.get("/api/me"))[0] == 200


async def test_a_log_out_that_is_heard_late_does_not_end_the_log_in_after_it(house: House, browser: Browser) -> None:
    await browser.log_in()
    house.now += 1
    house.exchange.agent(AgentFact.LOGGED_OUT, A1, {"reason": "logout"})
    late = house.journal[-1]
    house.now += 1
    await browser.log_in()
    house.accounts.routes.heard([late])
    assert (await browser.get("/api/me"))[0] == 200


async def test_a_new_password_needs_the_old_one_and_ends_every_other_session(
    house: House, browser: Browser, other: Browser
) -> None:
    await browser.log_in("li")
    await other.log_in("li")
    change = {"old": "right", "new": "a longer word 9"}
    assert (await browser.post("/api/password", change | {"old": "wrong"}))[1]["error"] == "wrong_password"
    for weak in ("short", "aaaaaaaaaaaa", "lililililili"):
        assert (await browser.post("/api/password", change | {"new": weak}))[1]["error"] == "weak_password"

    assert (await browser.post("/api/password", change))[0] == 200
    assert (await browser.get("/api/me"))[0] == 200
    assert (await other.get("/api/me"))[0] == 401
    assert (await other.log_in("li"))[0] == 401
    assert (await other.log_in("li", "a longer word 9"))[0] == 200


async def test_a_flood_of_log_ins_is_turned_away_and_not_queued_for_ever(
    house: House, server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_IN_LINE", 3)
    browsers = [Browser(server, f"10.0.1.{n}") for n in range(12)]
    answers = await asyncio.gather(*(b.log_in(f"name{n}", "wrong") for n, b in enumerate(browsers)))
    for one in browsers:
        await one.client.session.close()
    assert {status for status, _ in answers} == {401, 503}


async def test_the_token_of_the_installation_is_no_session(browser: Browser) -> None:
    admin = {"Authorization": "Bearer the-admin-token"}
    me = await (await browser.client.get("/api/me", headers=admin)).json()
    assert me["user"]["roles"] == ["administrator"]
    for path in ("/api/logout", "/api/socket-ticket"):
        answer = await browser.client.post(path, json={}, headers=admin)
        assert (answer.status, (await answer.json())["error"]) == (400, "no_session")


async def test_a_body_that_is_too_large_or_no_log_in_is_refused(browser: Browser) -> None:
    for body in (
        {"user": "a1"},
        {"user": "a1", "password": "x" * 201},
        {"user": "a1", "password": "x", "role": "admin"},
    ):
        assert (await browser.post("/api/login", body))[0] == 400


async def test_who_came_went_and_was_refused_is_noted_and_no_word_that_was_typed(
    house: House, browser: Browser
) -> None:
    await browser.log_in("my-secret-word", "a1")
    await browser.log_in("li", "wrong")
    await browser.log_in("li", seat="A-032")
    await browser.post("/api/accounts/a1/unlock")
    await browser.post("/api/agents/a1/status", {"status": "ready"})
    await browser.post("/api/logout")
    trail = house.accounts.trail
    assert trail.noted == [
        ("", "login_refused", ""),
        ("li", "login_refused", ""),
        ("li", "logged_in", ""),
        ("li", "unlocked", "a1"),
        ("li", "logged_out", ""),
    ]
    assert trail.data[2] == {"seat": "A-032", "pii_address": "127.0.0.1"}
    assert "my-secret-word" not in str(trail.data)
