"""Who waits is asked what he calls about, on the whole real system with the demo model: an agent who is free in the
middle of it is rung as soon as if he had not been, and knows what was said."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from cti.bench.request_set import FOLDER
from cti.calls import CallFact
from cti.demo import audio
from cti.demo.media import SILENCE
from tests.support.city import City, eventually
from tests.support.desk_page import desk_page
from tests.support.hall import Caller, calls, hire
from tests.support.speaking import listening_city, listening_stack
from tests.support.stack import RunningStack, numbers_text

PLAIN = "19996"
"""A number whose callers are not asked."""
FLOW = """
flow: quick
person: general
start: general
nodes:
  general:
    type: route
    queue: general
    ask:
      prompts: listen_ask
      words:
        - {to: urgent, any_of: [着火, 漏气], matter: fire, urgent: true}
        - {any_of: 路灯, matter: street_lamp}
      max_s: 20
    after: goodbye
  urgent: {type: route, queue: general, priority_s: 86400, after: goodbye}
  plain: {type: route, queue: general, after: goodbye}
  goodbye: {type: hangup, prompts: goodbye}
"""
QUIET = SILENCE * 50 * 60
LAMP = (FOLDER / "audio" / "s001.alaw").read_bytes()

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    def change(running: RunningStack) -> None:
        plain = f'{{number = "{PLAIN}", flow = "quick", entry = "plain"}}'
        running.write("numbers.toml", numbers_text([*running.numbers, plain]))
        running.write("rules.toml", "surge = {rungs = []}\n")

    with listening_stack(tmp_path_factory.mktemp("stack"), FLOW, change) as running:
        yield running


@pytest_asyncio.fixture
async def place(stack: RunningStack, tmp_path: Path) -> AsyncIterator[City]:
    async with listening_city(stack, tmp_path) as there:
        yield there


async def asked(place: City, number: int = 1) -> Caller:
    """He waits, and has heard the question and the tone; says nothing yet."""
    caller = await calls(place, number)
    began = (await caller.told(CallFact.ASKED)).at
    await eventually(lambda: caller.ear.beeps and caller.ear.beeps[-1] > began + 2.0, 15, "the tone")
    await eventually(lambda: time.time() - caller.ear.beeps[-1] > 0.1, 5, "the end of the tone")
    return caller


async def invited_after_s(place: City, caller: Caller) -> float:
    """From the offer to the INVITE, as the agent's telephone saw it."""
    offered = await caller.told(CallFact.OFFERED)
    legs = await eventually(lambda: place.director.account.legs_of(caller.id), 5, "the ring")
    return float(legs[-1].offered_at - offered.at)


async def test_what_he_says_while_he_waits_goes_with_the_call(place: City) -> None:
    (agent,) = await hire(place, {"general": 3})
    caller = await asked(place)
    caller.line.say(LAMP + QUIET)
    said = await caller.told(CallFact.SAID, 30)
    assert "路灯" in str(said.data["pii_text"])
    assert (said.data["matter"], said.data["to"]) == ("street_lamp", "general")
    assert said.at - caller.ear.beeps[-1] < len(LAMP) / audio.RATE + 3.0
    assert (await caller.kinds()).count(CallFact.QUEUED) == 1
    assert await place.api.positions() == [caller.id]

    async with desk_page(place.stack, agent, time.time()) as page:
        await place.api.set_status(agent, "ready")
        await eventually(lambda: page.call.get("call_id") == caller.id, 5, "the pop")
        assert page.call["said"]["matter"] == "street_lamp"
        assert page.call["said"]["pii_text"] == said.data["pii_text"]
        first = (await eventually(lambda: page.last("transcript"), 5, "the words"))["lines"][0]
        assert (first["side"], first["text"]) == ("message", said.data["pii_text"])
        assert await invited_after_s(place, caller) < 0.5
        await caller.told(CallFact.ANSWERED)


@pytest.mark.parametrize("when", ["question", "answer"])
async def test_an_agent_who_is_free_in_the_middle_of_it_is_rung_at_once(place: City, when: str) -> None:
    (agent,) = await hire(place, {"general": 3})
    if when == "question":
        caller = await calls(place, 1)
        await caller.told(CallFact.ASKED)
        await asyncio.sleep(0.5)
    else:
        caller = await asked(place)
        caller.line.say(LAMP + QUIET)
        await asyncio.sleep(5.0)
    await place.api.set_status(agent, "ready")
    assert await invited_after_s(place, caller) < 0.5
    if when == "answer":
        await caller.told(CallFact.ANSWERED)
        said = await caller.told(CallFact.SAID, 5)
        assert len(str(said.data["pii_text"])) >= 4, "half a sentence"
    else:
        await caller.told(CallFact.ANSWERED)
        assert CallFact.SAID not in await caller.kinds()


async def test_who_says_nothing_hears_music_again_and_keeps_his_place(place: City) -> None:
    await hire(place, {"general": 3})
    caller = await asked(place)
    caller.line.say(QUIET)
    other = await calls(place, 2, PLAIN)
    await asyncio.sleep(6.0)
    assert await place.api.positions() == [caller.id, other.id]
    kinds = await caller.kinds()
    assert (kinds.count(CallFact.ASKED), kinds.count(CallFact.SAID)) == (1, 0)
    assert CallFact.ASKED not in await other.kinds()


async def test_health_says_which_model_listens(place: City) -> None:
    health = await place.api._ask("GET", "/api/health")
    speech = health["parts"]["speech"]
    assert (speech["ok"], speech["demo"], speech["workers"]) == (True, True, 1)
    assert speech["streams"] >= 1
