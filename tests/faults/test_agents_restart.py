"""The daemon dies while its agents are in every state there is: the next one knows each of them as he was."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from cti.calls import CallFact
from tests.support.city import City, citizen, eventually
from tests.support.desk_page import desk_page

pytestmark = pytest.mark.timeout(120)

KEPT = ("status", "reason", "status_since", "state", "held_back", "misses", "call_id", "wrap_up")


async def rows(place: City) -> dict[str, dict[str, Any]]:
    return {row["id"]: {key: row[key] for key in KEPT} for row in await place.api.agents()}


async def in_state(place: City, agent: str, state: str) -> None:
    async def is_so() -> bool:
        return (await rows(place))[agent]["state"] == state

    await eventually(is_so, 8, f"{agent} {state}")


async def test_every_agent_is_what_he_was(telephones: City, measured: Callable[..., None]) -> None:
    # Given eight agents, one in each state
    api, director = telephones.api, telephones.director
    made = await api.add_test_agents(8, {"general": 3}, "t", 60.0)
    await director.add_agents({agent.id: agent.sip_password for agent in made})
    idle, resting, meeting, wraps_up, talks, missed, rings, pageless = (agent.id for agent in made)
    director.manner.ignored = (3, 4)
    await api.set_status(resting, "break", "lunch")
    await api.set_status(meeting, "meeting")

    await api.set_status(wraps_up, "ready")
    telephones.dial([citizen(1)], rate=5)
    await eventually(lambda: telephones.talks, 8, "a talk")
    telephones.end_talks()
    await in_state(telephones, wraps_up, "wrap_up")

    await api.set_status(talks, "ready")
    telephones.dial([citizen(2, rating="1")], rate=5)
    await in_state(telephones, talks, "talking")

    await api.set_status(missed, "ready")
    telephones.dial([citizen(3), citizen(4), citizen(5)], rate=5)
    await in_state(telephones, missed, "not_answering")

    async with desk_page(telephones.stack, pageless, time.time()):
        pass
    await eventually(lambda: _held(telephones, pageless), 4, "a page that is away")
    await api.set_status(pageless, "ready")
    await api.set_status(rings, "ready")
    await in_state(telephones, rings, "offered")
    waiting = await api.positions()
    before = await rows(telephones)
    assert [before[a]["state"] for a in (idle, resting, meeting, wraps_up, talks, rings, pageless)] == [
        "not_ready",  # logged in, not ready yet
        "not_ready",
        "not_ready",
        "wrap_up",
        "talking",
        "offered",
        "not_ready",
    ]
    assert before[missed]["misses"] == 1
    assert len(waiting) == 2
    await eventually(lambda: _offered(telephones, before[rings]["call_id"], rings), 2, "the offer on disk")

    # When the daemon is killed
    killed, at = telephones.stack.kill_daemon(signal.SIGKILL)
    await eventually(lambda: telephones.stack.ready[0] not in (0, killed), 10, "a new daemon", every_s=0.01)
    after = await rows(telephones)
    measured(states_known_again_s=time.time() - at)

    # Then each is what he was, also after Asterisk's list was compared, and the callers wait in their order
    ignored = {"state"} if before[missed]["state"] != after[missed]["state"] else set()
    for agent, row in before.items():
        wanted = {k: v for k, v in row.items() if agent != missed or k not in ignored}
        assert {k: after[agent][k] for k in wanted} == wanted, agent
    assert await api.positions() == waiting

    # And the day goes on: who talked rates, who rang has missed it, and the next who is ready gets the first
    director.manner.talk_s = (0.3, 0.3)
    telephones.end_talks()
    await in_state(telephones, talks, "wrap_up")
    await in_state(telephones, rings, "not_answering")
    await api.set_status(idle, "ready")
    await eventually(lambda: _has_answered(telephones, idle), 10, "an answer")
    for agent in (resting, meeting, wraps_up, talks):
        await api.set_status(agent, "ready")
    await telephones.over(40)
    for record in await telephones.records():
        assert record.answered_at is not None


async def _offered(place: City, call: str, agent: str) -> bool:
    return any(m.kind == CallFact.OFFERED and m.data["agent"] == agent for m in await place.api.milestones(call))


async def _held(place: City, agent: str) -> bool:
    return "page_away" in (await rows(place))[agent]["held_back"]


async def _has_answered(place: City, agent: str) -> bool:
    calls = [call["call_id"] for call in (await place.api.live())["calls"]]
    told = [milestone for call in calls for milestone in await place.api.milestones(call)]
    return any(m.kind == CallFact.ANSWERED and m.data["agent"] == agent for m in told)
