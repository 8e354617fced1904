"""The running stack as a command sees it: its REST API with the administrator's token."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self

import aiohttp

from cti import secrets
from cti.calls import Milestone
from cti.metrics.record import CallRecord, Recording, Segment
from cti.settings import Settings
from cti.tls import client_tls


class StackAway(Exception):
    """Nothing answers at the address of the settings; the text says how to start it."""


class StackRefused(Exception):
    """The stack answered and said no; the text is its own."""


@dataclass(frozen=True, slots=True)
class TestAgent:
    id: str
    sip_password: str
    token: str

    __test__ = False  # not a test, whatever its name says to pytest


class Stack:
    """`async with Stack(settings) as stack`. Every call raises StackAway or StackRefused."""

    def __init__(self, settings: Settings) -> None:
        self.address = settings.web.address
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        # The token is read only if there is one: a stack that has never been started must not get its secrets from us.
        known = self._settings.secrets_file.exists()
        token = secrets.load_or_create(self._settings).admin_token if known else ""
        limits = aiohttp.ClientTimeout(total=None, connect=3.0, sock_read=30.0)
        connector = aiohttp.TCPConnector(ssl=client_tls(self._settings) or True)
        headers = {"Authorization": f"Bearer {token}"}
        self._session = aiohttp.ClientSession(headers=headers, timeout=limits, connector=connector)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def health(self) -> Mapping[str, Any] | None:
        """None: nothing there. `ok` says whether every part works."""
        assert self._session is not None
        try:
            async with self._session.get(f"{self.address}/api/health") as response:
                body: Mapping[str, Any] = await response.json()
                return body
        except (aiohttp.ClientError, TimeoutError, json.JSONDecodeError):
            return None

    async def speech(self) -> Mapping[str, Any]:
        """What there is of speech (`SpeechHouse.state`); {} while nothing answers."""
        state: Mapping[str, Any] = ((await self.health()) or {}).get("parts", {}).get("speech", {})
        return state

    async def agents(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = await self._ask("GET", "/api/agents")
        return rows

    async def add_test_agents(
        self, count: int, skills: Mapping[str, int], prefix: str, wrap_up_s: float
    ) -> list[TestAgent]:
        body = {"count": count, "skills": dict(skills), "prefix": prefix, "wrap_up_s": wrap_up_s}
        made = await self._ask("POST", "/api/test-agents", body)
        return [TestAgent(row["id"], row["sip_password"], row["token"]) for row in made["agents"]]

    async def remove_test_agents(self) -> None:
        await self._ask("DELETE", "/api/test-agents")

    async def unlock(self, user: str) -> None:
        """Of a user whose password was wrong too often."""
        await self._ask("POST", f"/api/accounts/{user}/unlock")

    async def set_status(self, agent: str, status: str, reason: str = "") -> None:
        await self._ask("POST", f"/api/agents/{agent}/status", {"status": status, "reason": reason})

    async def calls_since(self, since: float) -> list[CallRecord]:
        return [record_from(row) for row in await self._ask("GET", f"/api/calls?since={since:.3f}")]

    async def call(self, call_id: str) -> CallRecord:
        """Live or ended"""
        return record_from((await self._ask("GET", f"/api/calls/{call_id}"))["record"])

    async def ticket(self, call_id: str) -> dict[str, Any]:
        """Of this call. StackRefused: it has none."""
        found: dict[str, Any] = await self._ask("GET", f"/api/calls/{call_id}/ticket")
        return found

    async def shown(self, topic: str) -> Mapping[str, Any]:
        """What live pages show of this topic now: section -> key -> row."""
        assert self._session is not None
        try:
            async with self._session.ws_connect(f"{self.address}/api/board?topics={topic}") as board:
                async for message in board:
                    said = message.json()
                    if "full" in said:
                        state: Mapping[str, Any] = said["full"]
                        return state
        except aiohttp.ClientError as error:
            raise StackAway(f"the live pages of {self.address} cannot be read: {error}") from None
        raise StackAway(f"the live pages of {self.address} broke off")

    @asynccontextmanager
    async def timeline(self) -> AsyncIterator[AsyncIterator[Milestone]]:
        """`async with stack.timeline() as milestones`: inside, every milestone from that moment on can be read."""
        assert self._session is not None
        try:
            async with self._session.get(f"{self.address}/api/timeline") as response:
                await self._check(response)
                yield _milestones(response.content)
        except aiohttp.ClientError as error:
            raise StackAway(f"the timeline of {self.address} broke off: {error}") from None

    async def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        assert self._session is not None
        try:
            async with self._session.request(method, self.address + path, json=body) as response:
                await self._check(response)
                return await response.json()
        except (aiohttp.ClientConnectionError, TimeoutError):
            raise StackAway(f"no running stack answers at {self.address}: start it with: make run") from None

    async def _check(self, response: aiohttp.ClientResponse) -> None:
        if response.status >= 400:
            try:
                text = (await response.json())["message"]
            except (aiohttp.ClientError, json.JSONDecodeError, KeyError, TypeError):
                text = response.reason
            raise StackRefused(f"{response.method} {response.url.path}: {response.status} {text}")


async def _milestones(content: aiohttp.StreamReader) -> AsyncIterator[Milestone]:
    async for raw in content:
        if raw.startswith(b"data: "):
            yield Milestone(**json.loads(raw[6:]))


_FIELDS = {field.name for field in dataclasses.fields(CallRecord)}


def record_from(row: Mapping[str, Any]) -> CallRecord:
    """The record in a JSON object of /api/calls; keys that no record has are left aside."""
    known: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in row.items() if key in _FIELDS
    }
    known["recordings"] = tuple(Recording(**one) for one in row.get("recordings", ()))
    known["segments"] = tuple(Segment(**one) for one in row.get("segments", ()))
    return CallRecord(**known)
