"""The telephone in a browser of another machine: pages, REST, desk channel and SIP by https and wss alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cti.calls import CallFact
from cti.programs import ProgramMissing, find_asterisk, find_program
from cti.settings import load_settings
from tests.support.browser import chromium
from tests.support.certificate import self_signed
from tests.support.city import city, eventually
from tests.support.hall import calls
from tests.support.missing import missing
from tests.support.softphone import MADE_UP_PAGES, closing, sing, softphone
from tests.support.stack import RunningStack
from tests.support.tones import Ears, note

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    try:
        find_asterisk()
        find_program("redis-server")
        find_program("sipp")
    except ProgramMissing as error:
        missing(str(error))
    folder = tmp_path_factory.mktemp("stack")
    running = RunningStack(folder)
    cert, key = self_signed(folder)
    text = running.file.read_text(encoding="utf-8")
    text = text.replace("web = {port", f'web = {{tls_cert = "{cert.name}", tls_key = "{key.name}", port')
    running.file.write_text(text, encoding="utf-8")
    running.settings = load_settings(running.file)
    try:
        running.start()
        yield running
    finally:
        running.stop()


async def test_a_page_over_tls_talks_with_a_citizen(stack: RunningStack, tmp_path: Path) -> None:
    (folder := tmp_path / "sipp").mkdir()
    assert stack.settings.web.address.startswith("https://")
    async with (
        city(stack, folder) as place,
        chromium(MADE_UP_PAGES, microphone=sing(tmp_path / "agent.wav", "agent")) as browser,
    ):
        (agent,) = await place.api.add_test_agents(1, {"general": 3}, "w", 0.0)
        one = await softphone(browser, stack.settings.web.address, agent, ignore_https_errors=True)
        async with closing(one) as phone:
            assert (await phone.page.evaluate("isSecureContext"), await phone.me("closed")) == (True, [])
            await place.api.set_status(agent.id, "ready")
            caller = await calls(place, 1)
            ears = Ears(caller.line)
            caller.line.say(note("citizen"))
            await phone.until("talking", 10)
            await phone.hears("citizen")
            await eventually(lambda: ears.notes(0.2) == {"agent"}, 5, "the citizen hears the agent")
            await phone.me("hangUp()")
            assert (await caller.told(CallFact.TALK_ENDED)).data["side"] == "agent"
            caller.hang_up()
