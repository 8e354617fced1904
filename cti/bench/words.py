"""How soon an agent reads what a citizen says, from end to end: real telephones, Asterisk, recogniser and page.

A citizen speaks a request of which is known when each word ends in the sound; his agent's page notes when so much text
has been painted. Both are times of this machine's one clock. What the page shows may still change;
whoever looks at it reads it at that moment.
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

from cti.bench.errors import BenchError
from cti.bench.pop import NUMBER, open_desk
from cti.bench.recognised import Recogniser
from cti.bench.request_set import Request, spoken
from cti.bench.timing import figures
from cti.browser import launch_options
from cti.demo.client import Stack
from cti.demo.director import Director
from cti.demo.media import SILENCE
from cti.demo.plan import AgentManner, Outcome, Plan
from cti.demo.sipp import Server
from cti.demo.stack import own_stack
from cti.numbers import Did
from cti.settings import Settings
from cti.speech.models import choose
from cti.tickets.form import load_form
from recordings.transcript import Word

if TYPE_CHECKING:
    from playwright.async_api import Page

LATE_MS = 700.0
"""What is asked for, at p95"""
_FIRST_S, _LAST_S = 1.5, 2.5
"""From the answer to his first word, as long as a greeting takes; and from his last word to his hanging up."""
_READY_S = 60.0

_NOTE_WORDS = """
window.painted = [];
addEventListener("DOMContentLoaded", () => new MutationObserver(() => requestAnimationFrame(() => setTimeout(() => {
  const said = [...document.querySelectorAll(".t-citizen .t-said")].map((el) => [...el.childNodes]
    .filter((n) => n.nodeName !== "TIME").map((n) => n.textContent).join("").trim()).join("");
  if (window.painted.at(-1)?.[1] !== said) window.painted.push([Date.now(), said]);
}))).observe(document.body, {subtree: true, childList: true, characterData: true}));
"""


@dataclass(frozen=True, slots=True)
class Result:
    shown_after_ms: Sequence[float]
    """Of each word: from its end in the citizen's telephone to the page."""
    calls: int
    compared: int
    """Of these, those of which words could be compared."""
    model: str
    seconds: float

    def as_json(self) -> dict[str, Any]:
        return {
            "word_shown_after_ms": figures(self.shown_after_ms),
            "asked_p95_ms": LATE_MS,
            "calls": self.calls,
            "compared": self.compared,
            "model": self.model,
            "seconds": round(self.seconds, 1),
        }


async def measure(calls: int) -> Result:
    """`calls` talks, one after the other, at one page. BenchError; what bench.pop.measure raises."""
    from playwright.async_api import async_playwright

    began, options = time.monotonic(), launch_options()
    numbers = (Did(number="12345", flow="city"), Did(number=NUMBER, flow="bench"))
    async with own_stack(numbers, 0.0, 15.0) as settings, Stack(settings) as stack:
        model = await _model(settings, stack)
        requests = spoken(load_form())[:calls]
        recogniser = Recogniser(model)
        (agent,) = await stack.add_test_agents(1, {"general": 3}, "words", 0.0)
        delays: list[float] = []
        compared = 0
        with tempfile.TemporaryDirectory(prefix="yihu-sipp-") as folder:
            server = Server(settings.asterisk.host, settings.asterisk.sip_port)
            async with (
                async_playwright() as playwright,
                Director(server, Path(folder), AgentManner(random.Random(1)), [SILENCE]) as director,
            ):
                browser = await playwright.chromium.launch(**options)
                try:
                    page = await open_desk(browser, stack, agent.id, agent.token, _NOTE_WORDS)
                    for n, request in enumerate(requests):
                        found = await _one(page, director, n, request, recogniser.words(request))
                        compared += bool(found)
                        delays += found
                finally:
                    await browser.close()
    return Result(delays, len(requests), compared, model.name, time.monotonic() - began)


async def _model(settings: Settings, stack: Stack) -> Path:
    """The one in use, as soon as somebody listens with it."""
    chosen = await asyncio.to_thread(choose, settings.speech.model, settings.models_dir)
    if chosen.folder is None:
        raise BenchError(chosen.text)
    ends = time.monotonic() + _READY_S
    while not (await stack.speech()).get("workers"):
        if time.monotonic() > ends:
            raise BenchError(f"no speech worker is ready after {_READY_S:g} s")
        await asyncio.sleep(0.1)
    return chosen.folder


async def _one(page: Page, director: Director, n: int, request: Request, words: Sequence[Word]) -> list[float]:
    """One talk; milliseconds for each of his words that can be compared."""
    sound = request.sound.read_bytes()
    speaks_s = len(sound) / 8000
    plan = Plan(f"137{n:08d}", NUMBER, Outcome.CHOOSES_NO_RATING, leaves_after_s=60.0)
    placing = asyncio.create_task(director.place([plan], 10.0, 120.0))
    try:
        await page.wait_for_selector("[data-state='offered']", timeout=15_000)
        await page.keyboard.press("F2")
        await page.wait_for_selector("[data-state='talking']", timeout=10_000)
        await page.evaluate("painted.length = 0")
        await asyncio.sleep(_FIRST_S)
        line = director.line_of(plan.number)
        if line is None:
            raise BenchError("the citizen's call ended before he had spoken")
        line.say(sound + SILENCE * 50 * 60)
        began = time.time()
        await asyncio.sleep(speaks_s + _LAST_S)
        painted = await page.evaluate("painted")
        (call,) = (c for c in director.account.calls.values() if c.caller == plan.number)
        director.hang_up(call)
        await placing
        await page.wait_for_selector("[data-state='idle']", timeout=15_000)
    finally:
        placing.cancel()
        await asyncio.gather(placing, return_exceptions=True)
    return [1000 * delay for delay in shown_after_s(painted, began, words)]


def shown_after_s(painted: Sequence[tuple[float, str]], began: float, words: Sequence[Word]) -> list[float]:
    """`painted`: milliseconds since 1970, and all of his text on the page. `began`: of the sound, seconds since 1970.

    Of the words up to the first that was understood otherwise than in `words`: behind it nobody knows which is which.
    """
    if not painted:
        return []
    said = "".join(word.text for word in words)
    pairs = enumerate(zip(said, painted[-1][1], strict=False))
    same = next((n for n, (one, other) in pairs if one != other), len(painted[-1][1]))
    delays, length = [], 0
    for word in words:
        length += len(word.text)
        if length > same:
            break
        seen_ms = next(at for at, text in painted if len(text) >= length)
        delays.append(seen_ms / 1000 - (began + word.end_s))
    return delays
