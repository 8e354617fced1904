"""A guest has one call. On the real system he tries everything else that he can reach, and is refused."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser

from cti.web.access import TABLE
from tests.support.city import eventually
from tests.support.guest_sip import guest_sip
from tests.support.hostile_numbers import hostile_numbers
from tests.support.stack import GREETED, NUMBER, Api, RunningStack
from tests.support.video import address_of, api_of, citizen_page, sees_frames, video_agent, video_stack

pytestmark = pytest.mark.timeout(150)
DIALPLAN = ("s", "h", "i", "t", "wait", "told", "test", "lost", "closing", "queue_CONTINUE", "message", "videos", "")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    with video_stack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest_asyncio.fixture
async def api(stack: RunningStack) -> AsyncIterator[Api]:
    async with api_of(stack) as api:
        yield api


class Guest:
    def __init__(self, address: str, client: aiohttp.ClientSession, token: str) -> None:
        self.address, self._client, self.token = address, client, token

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self._client.request(method, self.address + path, json=body, headers=headers) as answer:
            return answer.status, await answer.json()

    async def telephone(self) -> dict[str, Any]:
        status, account = await self.ask("POST", "/api/visit/telephone")
        assert status == 200
        return dict(account)


@pytest_asyncio.fixture
async def guest(stack: RunningStack) -> AsyncIterator[Guest]:
    async with aiohttp.ClientSession() as client:
        address = address_of(stack)
        async with client.post(f"{address}/api/visits", json={"records": True}) as answer:
            token = (await answer.json())["token"]
        client.cookie_jar.clear()
        yield Guest(address, client, token)


async def test_every_route_that_is_not_his_refuses_him(guest: Guest) -> None:
    let_in = []
    for line in filter(None, map(str.strip, TABLE.splitlines())):
        method, path, *words = line.split()
        if {"public", "peer"} & set(words):
            continue
        filled = re.sub(r"\{\w+\}", "a1", re.sub(r"\{(p|part)\}", "1", path))
        headers = {"Authorization": f"Bearer {guest.token}"}
        async with (
            aiohttp.ClientSession(headers=headers) as client,
            client.request("GET" if method == "WS" else method, guest.address + filled, json={}) as answer,
        ):
            if answer.status != 403:
                let_in.append(path)
    his = {"/api/visit", "/api/socket-ticket", "/sip"}
    assert his <= set(let_in)
    assert all(path in his or path.startswith("/api/visit/") for path in let_in), let_in


async def test_his_telephone_reaches_the_video_entries_and_nothing_else(
    guest: Guest, stack: RunningStack, api: Api
) -> None:
    (agent,) = await api.add_test_agents(1, {"video": 3}, "w", 0)
    account = await guest.telephone()
    hostile = [number for number in hostile_numbers() if re.fullmatch(r"[A-Za-z0-9+*#.,&/:@-]{1,40}", number)]
    targets = [GREETED, NUMBER, "110", agent.id, account["user"], "PJSIP/trunk", *DIALPLAN, *hostile[:60]]
    codes: dict[str, int] = {}
    while rest := [target for target in targets if target not in codes]:
        async with guest_sip(guest.address, guest.token, account) as phone:
            for target in rest:
                codes[target] = await phone.ask("INVITE", target)
                if not codes[target]:
                    break  # the daemon itself has closed the connection
    assert not [target for target, code in codes.items() if code and not 400 <= code < 500], codes
    assert {codes[target] for target in (GREETED, NUMBER, "110", agent.id, "wait", "h")} == {404}
    async with guest_sip(guest.address, guest.token, account) as phone:
        assert await phone.ask("REGISTER", "") >= 400, "nobody can call a guest"
    assert stack.asterisk_channels() == {}
    assert (await api.live())["calls"] == []


@pytest.mark.parametrize("method", ["MESSAGE", "SUBSCRIBE", "REFER", "PUBLISH", "OPTIONS", "INFO"])
async def test_he_may_say_nothing_but_a_call(guest: Guest, method: str) -> None:
    async with guest_sip(guest.address, guest.token, await guest.telephone()) as phone:
        assert await phone.ask(method, "video") == 0, "the connection is closed"


async def test_he_speaks_for_nobody_else(guest: Guest, api: Api) -> None:
    (agent,) = await api.add_test_agents(1, {"video": 3}, "w", 0)
    for sender in (agent.id, "trunk", "g" + "0" * 24, "anonymous"):
        async with guest_sip(guest.address, guest.token, await guest.telephone()) as phone:
            assert await phone.ask("INVITE", "video", sender) == 0, sender


async def test_without_a_telephone_of_his_own_he_has_no_line(guest: Guest) -> None:
    headers = {"Authorization": f"Bearer {guest.token}"}
    async with aiohttp.ClientSession(headers=headers) as client:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await client.ws_connect(f"{guest.address}/sip", protocols=("sip",))
    assert refused.value.status == 403


async def test_one_call_and_with_it_the_password_dies(browser: Browser, stack: RunningStack, api: Api) -> None:
    address = address_of(stack)
    async with (
        video_agent(browser, stack, api, {"video": 3}) as agent,
        citizen_page(browser, f"{address}/video") as page,
    ):
        await page.choose("语音+视频")
        await page.comes_to("talk")
        await sees_frames(page)
        (first,) = await agent.lines()

        # When his page is made to call once more beside the call it has
        again = await page.page.evaluate(
            """async () => {
              const {Api} = await import('/pages/shared/api.js');
              const {GuestPhone} = await import('/pages/video/phone.js');
              const api = new Api();
              api.csrf = (await api.get('/api/visit')).csrf;
              const account = window.account = await api.post('/api/visit/telephone');
              const given = {account: async () => account, ticket: () => api.socketTicket(), changed() {}};
              const phone = new GuestPhone(given);
              const stream = await navigator.mediaDevices.getUserMedia({audio: true, video: true});
              return [await phone.dial('video', stream), await phone.dial('sign', stream)];
            }"""
        )
        assert again == [False, False]
        assert [line["call"] for line in await agent.lines()] == [first["call"]] * len(await agent.lines())
        assert len((await api.live())["calls"]) == 1

        # And when the call is over, then neither his session nor his password is good for another
        await agent.hang_up()
        await page.comes_to("rating")
        await page.press("不评价")
        await eventually(lambda: _no_calls(api), 15, "the end of the call")
        status = await page.page.evaluate(
            """async () => {
              const {Api} = await import('/pages/shared/api.js');
              const api = new Api();
              api.csrf = (await api.get('/api/visit')).csrf;
              return api.post('/api/visit/telephone').then(() => 200, (error) => error.status);
            }"""
        )
        assert status == 410
        user = (await page.page.evaluate("account.user")) or ""
        assert f"ps_auth/auth/{user}" not in stack.asterisk_cli("database", "show", "ps_auth/auth")
        assert f"ps_endpoint/endpoint/{user}" not in stack.asterisk_cli("database", "show", "ps_endpoint/endpoint")
        assert stack.asterisk_channels() == {}


async def _no_calls(api: Api) -> bool:
    return (await api.live())["calls"] == []
