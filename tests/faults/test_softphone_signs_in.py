"""The telephone of a log-in, on the whole real system: it signs in at once, with its own password, and no longer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

from tests.support.city import City, eventually
from tests.support.ws_phone import ws_phone

pytestmark = pytest.mark.timeout(90)
Measured = Callable[..., None]


async def ask(place: City, method: str, path: str, token: str) -> tuple[int, dict[str, Any]]:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession(place.api.address, headers=headers) as session,
        session.request(method, path) as answer,
    ):
        body: dict[str, Any] = await answer.json()
        return answer.status, body


async def row_of(place: City, agent: str) -> dict[str, Any]:
    return next(row for row in await place.api.agents() if row["id"] == agent)


async def test_a_log_in_signs_in_at_once_and_with_its_own_password_alone(telephones: City, measured: Measured) -> None:
    place, settings = telephones, telephones.stack.settings
    one, other = await place.api.add_test_agents(2, {"general": 3}, "w", 0.0)
    headers = {"Authorization": f"Bearer {one.token}"}

    # When an agent asks for the telephone of his log-in
    began = time.monotonic()
    status, account = await ask(place, "POST", f"/api/agents/{one.id}/softphone", one.token)
    opened_s = time.monotonic() - began
    assert status == 200, account

    # Then his page signs in with it, and not with another password, nor with that of his desk telephone
    async with ws_phone(settings, account, headers) as phone:
        assert await phone.register() == [401, 200]
        signed_in_s = time.monotonic() - began
        await eventually(lambda: is_registered(place, one.id), 3, "he can be called")
        reachable_s = time.monotonic() - began
        measured(opened_s=opened_s, signed_in_s=signed_in_s, reachable_s=reachable_s)
        assert signed_in_s < 1.0
        assert await phone.register("wrong-password") == [401, 401]
        assert await phone.register(one.sip_password) == [401, 401]

        # Nor can he with his own connection sign in as a colleague, whose password he knows
        _, others = await ask(place, "POST", f"/api/agents/{other.id}/softphone", other.token)
        async with ws_phone(settings, others, headers) as thief:
            assert await thief.register() == []
        assert thief.closed == 1008
        assert phone.closed == 4000, "the newer connection of one agent ends the older"

    # And when the page is gone, he cannot be called any more, within a moment
    async with ws_phone(settings, account, headers) as phone:
        assert await phone.register() == [401, 200]
        await eventually(lambda: is_registered(place, one.id), 3, "he can be called")
    gone_at = time.monotonic()
    await eventually(lambda: is_away(place, one.id), 2, "he is away")
    measured(away_s=time.monotonic() - gone_at)

    # And after the log-out neither the connection nor the password is worth anything
    async with ws_phone(settings, account, headers) as phone:
        assert await phone.register() == [401, 200]
        await place.api.set_status(one.id, "offline")
        await eventually(lambda: phone.closed == 4001, 3, "the connection is ended")
    await eventually(lambda: not in_browser(place, one.id), 3, "his desk telephone is back")
    assert in_browser(place, other.id)
    with pytest.raises(aiohttp.WSServerHandshakeError):
        async with ws_phone(settings, account, headers):
            pass


def in_browser(place: City, agent: str) -> bool:
    return "webrtc" in place.stack.asterisk_cli("database", "get", "ps_endpoint/endpoint", agent)


async def is_registered(place: City, agent: str) -> bool:
    return (await row_of(place, agent))["phone"] == "registered"


async def is_away(place: City, agent: str) -> bool:
    return (await row_of(place, agent))["phone"] == "away"
