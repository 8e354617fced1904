"""Live pages of a running system are told what happens, and after a crash of the daemon the same day goes on."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from aiohttp import ClientSession, ClientWebSocketResponse

from cti.secrets import load_or_create
from tests.support.city import City, citizen, eventually
from tests.support.stack import RunningStack

pytestmark = pytest.mark.timeout(60)


class Screen:
    """A viewer of the whole board, with what it knows."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket
        self.state: dict[str, dict[str, dict[str, Any]]] = {}

    async def watch(self) -> None:
        async for message in self._socket:
            told = orjson.loads(message.data)
            if "full" in told:
                self.state[told["topic"]] = told["full"]
            for section, rows in told.get("set", {}).items():
                self.state[told["topic"]].setdefault(section, {}).update(rows)
            for section, keys in told.get("gone", {}).items():
                for key in keys:
                    del self.state[told["topic"]][section][key]

    def row(self, topic: str, section: str, key: str) -> dict[str, Any]:
        return self.state.get(topic, {}).get(section, {}).get(key, {})

    @property
    def calls(self) -> float | None:
        """Of today, as far as they are known."""
        return self.row("wall", "rates", "connection_rate").get("of")


@asynccontextmanager
async def screen(stack: RunningStack) -> AsyncIterator[Screen]:
    headers = {"Authorization": f"Bearer {load_or_create(stack.settings).admin_token}"}
    url = f"{stack.settings.web.address}/api/board?topics=wall,seats"
    async with ClientSession() as session, session.ws_connect(url, headers=headers) as socket:
        made = Screen(socket)
        watching = asyncio.create_task(made.watch())
        try:
            yield made
        finally:
            watching.cancel()


async def test_a_call_is_on_the_board_while_it_goes_on_and_in_the_figures_ever_after(
    telephones: City, stack: RunningStack
) -> None:
    # Given an agent who is ready
    (agent,) = await telephones.hire(1)
    async with screen(stack) as board:
        await eventually(lambda: board.calls is not None, 10, "the figures of today")
        before = board.calls
        assert before is not None
        await eventually(lambda: board.row("seats", "agents", agent).get("state") == "idle", 5, "his seat")

        # When a citizen calls and talks to him
        telephones.dial([citizen(1)], rate=5)
        await eventually(lambda: board.row("seats", "agents", agent).get("state") == "talking", 10, "his talk")

        # Then his seat says with whom, in stars, and the call counts because it is answered
        talk = board.row("seats", "agents", agent)["talk"]
        assert "****" in talk["number"]
        assert board.row("seats", "calls", talk["call_id"])["agent"] == agent
        assert board.calls == before + 1
        assert board.row("wall", "seats", "talking")["n"] == 1

        # When it is over, then it has gone, and still counts
        telephones.end_talks()
        await telephones.over(20)
        await eventually(lambda: not board.state["seats"]["calls"], 10, "nobody on the line")
        assert board.calls == before + 1

    # When the daemon is killed, then the next one knows the day
    pid, _ = stack.kill_daemon(signal.SIGKILL)
    await eventually(lambda: stack.ready[0] not in (0, pid), 15, "the next daemon")
    async with screen(stack) as board:
        await eventually(lambda: board.calls is not None, 10, "the day, read from the records")
        assert board.calls == before + 1
