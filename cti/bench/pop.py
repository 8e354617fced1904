"""How soon an agent sees whom he is offered, measured in the page itself: the screen-pop painted, beside the INVITE.

Real Chromium pages answer real calls. Both moments are read off the page's own clock: the frame of the INVITE as it
comes through the WebSocket, and the mark that the page sets when the frame with the pop has been painted.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cti.bench.timing import figures
from cti.browser import launch_options
from cti.demo import audio
from cti.demo.client import Stack
from cti.demo.director import Director
from cti.demo.plan import AgentManner, Outcome, Plan
from cti.demo.sipp import Server
from cti.demo.stack import own_stack
from cti.numbers import Did

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

NUMBER = "19999"
TALK_S = 1.5
"""From the answer of the system to the citizen's hanging up"""
CALL_S = TALK_S + 0.7
"""One call and the next, at one agent"""
LATE_MS = 50.0
"""What is asked for: painted before the INVITE or so much after it, at p95"""

_NOTE_INVITES = """
const Plain = window.WebSocket;
window.invitesAt = {};
window.WebSocket = class extends Plain {
  constructor(...of) {
    super(...of);
    this.addEventListener("message", ({data}) => {
      if (typeof data !== "string" || !data.startsWith("INVITE ")) return;
      const call = /^X-CTI-Call: *(\\S+)/im.exec(data);
      if (call && !(call[1] in window.invitesAt)) window.invitesAt[call[1]] = performance.now();
    });
  }
};
"""
_READ = """() => ({
  invites: window.invitesAt,
  pops: Object.fromEntries(performance.getEntriesByType("mark").filter((m) => m.name.startsWith("pop:"))
    .map((m) => [m.name.slice(4), m.startTime])),
})"""


@dataclass(frozen=True, slots=True)
class Result:
    """`painted_after_invite_ms`: negative where the pop was there first. `unseen`: calls that rang without a pop."""

    painted_after_invite_ms: Sequence[float]
    unseen: int
    agents: int
    seconds: float

    def as_json(self) -> dict[str, Any]:
        before = sum(ms <= 0 for ms in self.painted_after_invite_ms)
        return {
            "painted_after_invite_ms": figures(self.painted_after_invite_ms),
            "painted_before_invite": before,
            "unseen": self.unseen,
            "agents": self.agents,
            "asked_p95_ms": LATE_MS,
            "seconds": round(self.seconds, 1),
        }


async def measure(calls: int, agents: int) -> Result:
    """`calls` calls at `agents` pages, none of which has to wait for an agent.

    Raises StackFailed, StackRefused, SippError, ProgramMissing; ModuleNotFoundError without playwright.
    """
    from playwright.async_api import async_playwright

    began, options = time.monotonic(), launch_options()
    async with (
        own_stack((Did(number="12345", flow="city"), Did(number=NUMBER, flow="bench")), 0.0, 15.0) as settings,
        Stack(settings) as stack,
    ):
        made = await stack.add_test_agents(agents, {"general": 3}, "pop", 0.0)
        with tempfile.TemporaryDirectory(prefix="yihu-sipp-") as folder:
            server = Server(settings.asterisk.host, settings.asterisk.sip_port)
            manner = AgentManner(random.Random(1))
            async with (
                async_playwright() as playwright,
                Director(server, Path(folder), manner, [audio.load(audio.sample_names()[0])]) as director,
            ):
                browser = await playwright.chromium.launch(**options)
                pages = [await open_desk(browser, stack, agent.id, agent.token, _NOTE_INVITES) for agent in made]
                answering = [asyncio.create_task(_answer(page)) for page in pages]
                try:
                    plans = [
                        Plan(f"138{n:08d}", NUMBER, Outcome.CHOOSES_NO_RATING, leaves_after_s=TALK_S)
                        for n in range(calls)
                    ]
                    await director.place(plans, agents / CALL_S / 1.2, 120.0)
                    read = [await page.evaluate(_READ) for page in pages]
                finally:
                    for task in answering:
                        task.cancel()
                    await asyncio.gather(*answering, return_exceptions=True)
                    await browser.close()
    late, unseen = [], 0
    for one in read:
        late += [one["pops"][call] - at for call, at in one["invites"].items() if call in one["pops"]]
        unseen += len(one["invites"].keys() - one["pops"].keys())
    return Result(late, unseen, len(made), time.monotonic() - began)


async def open_desk(browser: Browser, stack: Stack, agent: str, token: str, script: str) -> Page:
    """His desk in a context of its own, ready for calls. `script`: runs in the page before its own."""
    context = await browser.new_context(permissions=["microphone"])
    await context.add_cookies([{"name": "yihu_session", "value": token, "url": stack.address}])
    await context.add_init_script(script)
    page = await context.new_page()
    await page.goto(f"{stack.address}/agent")
    await page.wait_for_selector("[data-phone='registered']", timeout=20_000)
    await stack.set_status(agent, "ready", "bench")
    await page.wait_for_selector("[data-state='idle']", timeout=10_000)
    return page


async def _answer(page: Page) -> None:
    """Presses the key at every offer."""
    while True:
        await page.wait_for_selector("[data-state='offered']", timeout=0)
        await page.keyboard.press("F2")
        await page.wait_for_selector("[data-state]:not([data-state='offered'])", timeout=0)
