"""A caller is asked what he calls about, on the whole real system with the demo model: what he says leads him, and
whatever fails he comes to a person."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from cti.calls import CallFact
from cti.demo import audio
from cti.demo.media import SILENCE
from tests.support.city import City, eventually
from tests.support.hall import Caller, calls
from tests.support.speaking import listening_city, listening_stack
from tests.support.stack import RunningStack

FLOW = """
flow: quick
person: general
start: ask
nodes:
  ask:
    type: listen
    prompts: listen_ask
    words:
      - {to: enterprise, any_of: 路灯, matter: street_lamp}
      - {to: urgent, any_of: [着火, 起火], matter: fire, urgent: true}
    keys: {"2": enterprise}
    otherwise: general
    first_s: 3
    max_s: 20
  general: {type: route, queue: general, after: goodbye}
  enterprise: {type: route, queue: enterprise, after: goodbye}
  urgent: {type: route, queue: general, priority_s: 86400, after: goodbye}
  goodbye: {type: hangup, prompts: goodbye}
"""
QUIET = SILENCE * 50 * 60
"""After what he says: a sound is repeated otherwise."""
LAMP, BENEFIT = audio.load("street_lamp"), audio.load("maternity_benefit")

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    with listening_stack(tmp_path_factory.mktemp("stack"), FLOW) as running:
        yield running


@pytest_asyncio.fixture
async def place(stack: RunningStack, tmp_path: Path) -> AsyncIterator[City]:
    async with listening_city(stack, tmp_path) as there:
        yield there


async def asked(place: City) -> Caller:
    """He calls, and has heard the question; says nothing yet."""
    caller = await calls(place, 1)
    await until_tone(caller)
    return caller


async def until_tone(caller: Caller) -> None:
    await eventually(lambda: caller.ear.beeps, 15, "the tone")
    await eventually(lambda: time.time() - caller.ear.beeps[-1] > 0.1, 5, "the end of the tone")


async def test_what_he_says_leads_him_and_goes_with_the_call(place: City) -> None:
    caller = await asked(place)
    caller.line.say(LAMP + QUIET)
    said = await caller.told(CallFact.SAID, 30)
    assert (said.data["matter"], said.data["to"], said.data["urgent"]) == ("street_lamp", "enterprise", False)
    assert "路灯" in str(said.data["pii_text"])
    await caller.told(CallFact.QUEUED, queue="enterprise")
    assert (await caller.told(CallFact.HUMAN_ASKED)).data["by"] == "said"
    speech_s = len(LAMP) / audio.RATE
    assert said.at - caller.ear.beeps[-1] < speech_s + 2.5, "he is not kept waiting after his last word"


async def test_words_that_mean_nothing_to_the_flow_lead_to_a_person(place: City) -> None:
    caller = await asked(place)
    caller.line.say(BENEFIT + QUIET)
    said = await caller.told(CallFact.SAID, 30)
    assert (said.data["matter"], said.data["to"]) == (None, "general")
    await caller.told(CallFact.QUEUED, queue="general")


async def test_a_caller_who_is_silent_comes_to_a_person(place: City) -> None:
    caller = await asked(place)
    caller.line.say(QUIET)
    queued = await caller.told(CallFact.QUEUED, 10, queue="general")
    assert queued.at - caller.ear.beeps[-1] == pytest.approx(3.0, abs=0.7)
    assert CallFact.SAID not in await caller.kinds()


@pytest.mark.parametrize("when", ["during the question", "while he is listened to"])
async def test_a_key_cuts_in(place: City, when: str) -> None:
    caller = await calls(place, 1)
    if when == "during the question":
        await eventually(lambda: caller.ear.times("listen_ask") or caller.line.heard_s > 0.5, 10, "the question")
    else:
        await until_tone(caller)
        caller.line.say(BENEFIT + QUIET)
        await asyncio.sleep(1.0)
    pressed_at = time.time()
    caller.line.press("2")
    queued = await caller.told(CallFact.QUEUED, 5, queue="enterprise")
    assert queued.at - pressed_at < 1.0


async def test_what_he_had_said_when_he_hung_up_stays_with_his_call(place: City) -> None:
    caller = await asked(place)
    caller.line.say(LAMP + QUIET)
    await asyncio.sleep(0.4 * len(LAMP) / audio.RATE)  # "… 的路灯坏了 …"
    hung_up_at = time.time()
    caller.hang_up()
    said = await caller.told(CallFact.SAID, cut_off=True)
    ended = await caller.told(CallFact.ENDED)
    assert "路灯" in str(said.data["pii_text"])
    assert said.seq < ended.seq
    assert ended.at - hung_up_at < 1.0, "his call is as long as he was there, however long his words took"


async def test_a_telephone_that_sends_nothing_costs_the_words_alone(place: City) -> None:
    caller = await asked(place)
    to = caller.line._to
    caller.line.silence()
    await caller.told(CallFact.QUEUED, 10, queue="general")
    assert to is not None
    caller.line._to = to


async def test_a_worker_that_is_killed_costs_the_words_alone(place: City) -> None:
    caller = await asked(place)
    caller.line.say(LAMP + QUIET)
    await asyncio.sleep(2.0)
    ready = list(place.stack.log("speech_worker_ready"))
    os.kill(int(ready[-1]["pid"]), signal.SIGKILL)
    await caller.told(CallFact.QUEUED, 5)
    await eventually(lambda: len(list(place.stack.log("speech_worker_ready"))) > len(ready), 20, "another worker")


async def test_shouting_over_the_question_breaks_nothing(place: City) -> None:
    caller = await calls(place, 1)
    caller.line.say(LAMP + QUIET)
    await caller.told(CallFact.QUEUED, 30)
