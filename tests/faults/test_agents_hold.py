"""An agent who puts the citizen on hold: his state, his time, and his network that drops meanwhile."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from cti.calls import CallFact
from tests.support import sipp
from tests.support.city import eventually
from tests.support.ports import free_ports
from tests.support.stack import NUMBER, Api, RunningStack
from tests.support.telephones import Manner, Ring, Telephones

pytestmark = pytest.mark.timeout(90)


class Talk:
    """One agent and one citizen, who talk."""

    def __init__(self, api: Api, agent: str, phones: Telephones, ring: Ring) -> None:
        self.api, self.agent, self.phones, self.ring = api, agent, phones, ring

    async def state(self) -> str:
        return str(next(row["state"] for row in await self.api.agents() if row["id"] == self.agent))

    async def becomes(self, state: str, limit_s: float) -> None:
        async def is_so() -> bool:
            return await self.state() == state

        await eventually(is_so, limit_s, state)

    async def said(self, kind: CallFact, limit_s: float = 3.0) -> Any:
        async def found() -> Any:
            return [m for m in await self.api.milestones(self.ring.call) if m.kind == kind]

        return (await eventually(found, limit_s, kind))[-1]


@asynccontextmanager
async def a_talk(stack: RunningStack, folder: Path) -> AsyncIterator[Talk]:
    server = f"{stack.settings.asterisk.host}:{stack.settings.asterisk.sip_port}"
    (port,) = free_ports(1)
    async with Api(stack.settings) as api, Telephones("127.0.0.1", port, otherwise=Manner()) as phones:
        await api.remove_test_agents()
        (made,) = await api.add_test_agents(1, {"general": 3}, "h", 0.0)
        signing_in = sipp.start(sipp.registration(made.id, made.sip_password, port=port), folder, server, "127.0.0.1")
        citizen = None
        try:
            await eventually(lambda: signing_in.process.poll() == 0, 5, "a registered telephone")
            await api.set_status(made.id, "ready")
            citizen = sipp.start(sipp.citizen(dialled=NUMBER), folder, server)
            await eventually(lambda: phones.talking, 8, "a talk")
            yield Talk(api, made.id, phones, phones.rings[0])
        finally:
            signing_in.stop()
            if citizen is not None:
                citizen.stop()


async def test_a_hold_is_a_state_of_its_own_and_is_no_lost_network(stack: RunningStack, tmp_path: Path) -> None:
    async with a_talk(stack, tmp_path) as talk:
        await talk.becomes("talking", 3)
        # When he puts the citizen on hold, and sends no sound meanwhile, as many telephones do
        talk.phones.hold(talk.ring, True)
        await talk.becomes("held", 3)
        talk.ring.line.silence()
        held = await talk.said(CallFact.HELD)
        assert held.data["agent"] == talk.agent
        # Then that is no lost network, however long
        limit_s = stack.settings.agents.rtp_timeout_s + 3.0
        until = time.monotonic() + limit_s
        await eventually(lambda: time.monotonic() > until, limit_s + 1, "longer than rtp_timeout", every_s=0.5)
        assert await talk.state() == "held"
        talk.ring.line.connect("127.0.0.1", 9)
        talk.phones.hold(talk.ring, False)
        await talk.becomes("talking", 3)
        unheld = await talk.said(CallFact.UNHELD)
        assert unheld.at - held.at > limit_s
        talk.phones.hang_up(talk.ring)
        over = await talk.said(CallFact.TALK_ENDED)
        assert over.data["side"] == "agent"


async def test_a_network_that_drops_while_the_citizen_is_on_hold_is_found_too(
    stack: RunningStack, tmp_path: Path, measured: Callable[..., None]
) -> None:
    async with a_talk(stack, tmp_path) as talk:
        await talk.becomes("talking", 3)
        talk.phones.hold(talk.ring, True)
        await talk.becomes("held", 3)
        talk.phones.vanish()
        cut_at = time.time()
        # Then the citizen does not hear music for ever
        over = await talk.said(CallFact.TALK_ENDED, 15)
        measured(noticed_on_hold_s=over.at - cut_at)
        assert over.data["side"] == "agent_lost"
        assert over.at - cut_at <= 13.0
        assert any(line["agent"] == talk.agent for line in stack.log("agent_line_cut"))
