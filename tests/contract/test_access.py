"""Who may do what: every route of the daemon asked by everybody, each answer held against the table."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from cti.accounts.people import GIVEN, Role
from cti.accounts.sessions import csrf_of
from cti.calls import AgentFact, AgentId
from cti.daemon import Daemon
from cti.pair import Inheritance, Pair
from cti.secrets import load_or_create
from cti.settings import Settings
from cti.storage.records import Records
from cti.users_file import UsersFile
from cti.web.access import TABLE, read_table
from cti.web.http import COOKIE, CSRF_HEADER, GUEST_COOKIE

Client = TestClient[web.Request, web.Application]
EVERYBODY = ("nobody", "agent", "other_agent", "supervisor", "administrator", "auditor", "screen", "guest", "token")
REFUSALS = {"not_logged_in", "not_your_role", "not_you", "no_csrf", "other_origin"}
PATIENCE_S = 20.0
"""An answer that takes longer is none that refuses."""


@dataclass(frozen=True)
class Row:
    method: str
    path: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def code(self, asking: str) -> str:
        """What the table says to him whose own agent is a1, when he asks for a1; "": he may."""
        if self.words in (("public",), ("peer",)):
            return ""
        if asking == "nobody":
            return "" if "later" in self.words else "not_logged_in"
        role = {"other_agent": "agent", "token": "administrator"}.get(asking, asking)
        said = {word.partition(":")[0]: word.partition(":")[2] for word in self.words}
        if role not in said and (role in ("guest", "screen") or "user" not in said):
            return "not_your_role"
        return "not_you" if asking == "other_agent" and said.get("agent") == "self" else ""


ROWS = [Row(line.split()[0], line.split()[1], tuple(line.split()[2:])) for line in TABLE.splitlines() if line.strip()]


class Deciding(Pair):
    def may_decide(self) -> bool:
        return True


class House:
    """The daemon's whole web, of a daemon that runs nothing."""

    def __init__(self, folder: Path) -> None:
        logging.getLogger("aiohttp").setLevel(logging.CRITICAL)  # half of these requests make no sense
        self.settings = Settings(
            var=folder, roster=folder / "roster.toml", users=folder / "users.toml", documents=folder / "documents"
        )
        self.settings.roster.write_text("[agent.a1]\nskills = {general = 3}\n[agent.a2]\nskills = {general = 3}\n")
        users = UsersFile(self.settings.users)
        for role in GIVEN:
            users.put(str(role), roles=[role])
        self.settings.run_dir.mkdir()
        self.secrets = load_or_create(self.settings)
        self.records = Records(self.settings)
        pair = Deciding(self.settings, self.secrets.pair, self.records.journal)
        self.daemon = Daemon(self.settings, self.secrets, self.records, pair, Inheritance([], 1))
        self.app = self.daemon.web_app()

    async def token(self, asking: str) -> str:
        """A new session each time: a request may end one."""
        if asking in ("nobody", "token"):
            return self.secrets.admin_token if asking == "token" else ""
        if asking == "guest":
            return await self.daemon.sessions.begin_guest("g1", "n1-1.1", 60.0)
        person = self.daemon.people.find({"agent": "a1", "other_agent": "a2"}.get(asking, asking))
        assert person is not None
        return await self.daemon.sessions.begin(person)


@pytest.fixture
async def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
async def client(house: House) -> AsyncIterator[Client]:
    records = asyncio.create_task(house.records.run())  # who may read them is not to wait for them in vain
    async with TestClient(TestServer(house.app)) as client:
        yield client
    house.daemon.exchange.stop()
    records.cancel()
    await asyncio.gather(records, return_exceptions=True)


def routes(app: web.Application) -> Iterator[tuple[str, web.AbstractResource]]:
    for resource in app.router.resources():
        for route in resource:
            if route.method != "HEAD":
                yield route.method, resource


async def test_every_route_has_a_row_and_every_row_a_route(house: House) -> None:
    built = {(method, resource.canonical) for method, resource in routes(house.app)}

    table = set(read_table(TABLE))
    assert built <= table
    pages = {"/login", "/agent", "/admin", "/video", "/records", "/reports", "/wallboard"}
    assert {path for _, path in table - built} <= pages, "pages come as files do"


@pytest.mark.parametrize("asking", EVERYBODY)
async def test_everybody_gets_what_the_table_gives_him_and_nothing_else(
    house: House, client: Client, asking: str
) -> None:
    async def ask(row: Row) -> str:
        token = await house.token(asking)
        got = await refusal(client, row, {"Authorization": f"Bearer {token}"} if token else {})
        return "" if got == row.code(asking) else f"{row}: {got or 'may'}, but {row.code(asking) or 'may'}"

    assert not [wrong for wrong in await asyncio.gather(*map(ask, ROWS)) if wrong]


@pytest.mark.parametrize("asking", ["agent", "supervisor", "administrator", "auditor", "guest"])
async def test_by_cookie_a_change_needs_the_pages_word_and_comes_from_our_own_page(
    house: House, client: Client, asking: str
) -> None:
    async def ask(row: Row) -> str:
        token = await house.token(asking)
        name = GUEST_COOKIE if asking == "guest" else COOKIE
        cookie, ours = {"Cookie": f"{name}={token}"}, {"Origin": f"http://{client.host}:{client.port}"}
        word = {CSRF_HEADER: csrf_of(token)}
        foreign = {"Origin": "https://example.org"}
        seen = {
            "without origin": await refusal(client, row, cookie | word),
            "without a word": await refusal(client, row, cookie | ours),
            "with another's word": await refusal(client, row, cookie | ours | {CSRF_HEADER: csrf_of("x")}),
            "from elsewhere": await refusal(client, row, cookie | word | foreign),
            "properly": await refusal(client, row, cookie | word | ours),
        }
        forged = dict.fromkeys(("without origin", "without a word", "with another's word"), "no_csrf")
        wanted = forged | {"from elsewhere": "other_origin", "properly": ""}
        return "" if seen == wanted else f"{row}: {seen}"

    changes = [row for row in ROWS if row.method not in ("GET", "WS") and row.words[0] not in ("public", "peer")]
    mine = [row for row in changes if not row.code(asking)]
    assert mine
    assert not [wrong for wrong in await asyncio.gather(*map(ask, mine)) if wrong]


async def test_in_one_browser_the_pages_of_an_agent_and_of_a_citizen_are_two(house: House, client: Client) -> None:
    agent, guest = await house.token("agent"), await house.token("guest")
    headers = {
        "Cookie": f"{COOKIE}={agent}; {GUEST_COOKIE}={guest}",
        "Origin": f"http://{client.host}:{client.port}",
    }
    for token, user in ((agent, "a1"), (guest, "g1")):
        said = headers | {CSRF_HEADER: csrf_of(token)}
        answer = await client.post("/api/socket-ticket", headers=said)
        session = house.daemon.guard.tickets.redeem((await answer.json())["ticket"])
        assert session is not None
        assert session.user == user
        for row in ROWS:
            if row.words == ("guest:call",):
                wanted = "" if user == "g1" or row.method == "GET" else "no_csrf"
                assert await refusal(client, row, said) == wanted, row


async def test_a_page_of_another_site_changes_nothing_and_opens_no_websocket_whoever_asks(
    house: House, client: Client
) -> None:
    async def ask(row: Row) -> str:
        for origin in ("https://example.org", "null", "http://127.0.0.1:1", "http://127.0.0.1.example.org"):
            headers = {"Origin": origin, "Authorization": f"Bearer {await house.token('administrator')}"}
            if await refusal(client, row, headers) != "other_origin":
                return f"{row} from {origin}"
        return ""

    changes = [row for row in ROWS if row.method != "GET"]
    assert not [wrong for wrong in await asyncio.gather(*map(ask, changes)) if wrong]


async def test_a_websocket_opens_by_a_ticket_once_and_soon_and_by_no_cookie(
    house: House, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions, tickets, now = house.daemon.sessions, house.daemon.guard.tickets, house.daemon.wall()
    people = [one for one in EVERYBODY if one not in ("nobody", "token")]
    for row, asking in product([row for row in ROWS if row.method == "WS"], people):
        session = await sessions.find(await house.token(asking))
        assert session is not None
        once, late, over = (tickets.make(session) for _ in range(3))
        assert await refusal(client, row, {}, f"?ticket={once}") == row.code(asking), (row, asking)
        assert await refusal(client, row, {}, f"?ticket={once}") == "not_logged_in", "used"
        with monkeypatch.context() as later:
            later.setattr(tickets, "_wall", lambda: now + 40.0)
            assert await refusal(client, row, {}, f"?ticket={late}") == "not_logged_in"
        sessions.end(session.key, "logout")
        assert await refusal(client, row, {}, f"?ticket={over}") == "not_logged_in"
        if "later" not in row.words:
            cookies = {"Cookie": f"{COOKIE}={await house.token(asking)}; {GUEST_COOKIE}={await house.token('guest')}"}
            assert await refusal(client, row, cookies) == "not_logged_in"


async def test_a_websocket_that_asks_later_lets_in_the_same_people(house: House, client: Client) -> None:
    house.daemon.exchange.agent(AgentFact.LOGGED_IN, AgentId("a1"))
    for row, asking in product([row for row in ROWS if "later" in row.words], EVERYBODY):
        token = await house.token(asking)
        session = await house.daemon.sessions.find(token) if asking not in ("nobody", "token") else None
        said = {"ticket": house.daemon.guard.tickets.make(session)} if session is not None else {"token": token}
        async with client.ws_connect(row.path.replace("{id}", "a1")) as socket:
            await socket.send_json(said)
            answer = await socket.receive(timeout=20.0)
        if asking == "nobody" or row.code(asking):
            assert answer.type is aiohttp.WSMsgType.CLOSE, (row, asking)
        elif row.path.endswith("/desk"):  # the others need what is not there: a visit, a call
            assert answer.type is aiohttp.WSMsgType.TEXT, (row, asking)


@pytest.mark.parametrize("how", ["log-out", "role removed", "password changed", "taken off the file"])
async def test_who_is_thrown_out_is_out_everywhere_at_once(house: House, client: Client, how: str) -> None:
    token = await house.token("administrator")
    headers = {"Authorization": f"Bearer {token}"}
    assert (await client.get("/api/me", headers=headers)).status == 200
    users = house.daemon.files.users.current
    match how:
        case "log-out":
            assert (await client.post("/api/logout", headers=headers)).status == 200
        case "role removed":
            users["administrator"] = replace(users["administrator"], roles=frozenset({Role.AUDITOR}))
        case "password changed":
            users["administrator"] = replace(users["administrator"], password_hash="another")
        case _:
            del users["administrator"]

    guarded = [row for row in ROWS if row.words[0] not in ("public", "peer")]
    codes = await asyncio.gather(*(refusal(client, row, headers) for row in guarded))
    assert set(codes) == {"not_logged_in"}


async def test_what_was_refused_to_somebody_is_noted_once_a_minute(house: House, client: Client) -> None:
    headers = {"Authorization": f"Bearer {await house.token('auditor')}"}
    for _ in range(3):
        assert (await client.post("/api/agents/a1/status", json={}, headers=headers)).status == 403
    [noted] = house.daemon.audit._waiting
    assert (noted.who, noted.what, noted.on) == ("auditor", "refused", "POST /api/agents/{id}/status")


async def test_what_has_no_row_is_closed_to_all(house: House) -> None:
    app = house.app
    app.router.add_get("/api/forgotten", forgotten)
    async with TestClient(TestServer(app)) as client:
        for asking in EVERYBODY:
            token = await house.token(asking)
            answer = await client.get("/api/forgotten", headers={"Authorization": f"Bearer {token}"} if token else {})
            assert answer.status == (401 if asking == "nobody" else 403)
    house.daemon.exchange.stop()


async def forgotten(_request: web.Request) -> web.Response:
    raise AssertionError("a route without a row was reached")


@pytest.mark.parametrize(
    "line", ["GET /x", "GET /x everybody", "GET /x agent\nGET /x agent", "WS /x agent\nGET /x user"]
)
def test_a_row_that_says_nothing_clear_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="/x"):
        read_table(line)


async def test_every_answer_keeps_the_browser_to_what_is_ours(client: Client) -> None:
    for path, tls in (("/api/health", False), ("/api/agents", False), ("/nowhere", True)):
        answer = await client.get(path, headers={"X-Forwarded-Proto": "https"} if tls else {})
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert "camera=(self)" in answer.headers["Permissions-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Server"] == "Yihu"
        assert ("Strict-Transport-Security" in answer.headers) == tls


async def refusal(client: Client, row: Row, headers: dict[str, str], query: str = "") -> str:
    """The code of ours with which it is refused; "" for every other answer."""
    path = row.path.replace("{id}", "a1").replace("{p}", "1")
    while "{" in path:
        path = path[: path.index("{")] + "x1" + path[path.index("}") + 1 :]
    if row.method == "WS":
        headers = headers | {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
        headers |= {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    method = "GET" if row.method == "WS" else row.method
    body = None if method == "GET" else {}
    try:
        async with (
            asyncio.timeout(PATIENCE_S),
            client.request(method, path + query, json=body, headers=headers) as answer,
        ):
            if answer.status not in (401, 403):
                return ""
            code = (await answer.json())["error"]
            return code if code in REFUSALS else ""
    except (TimeoutError, aiohttp.ClientError):
        return ""
