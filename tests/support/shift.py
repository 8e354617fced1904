"""A shift at the real desk page: what an agent does by key, what his page showed and when, what he means to leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from playwright.async_api import Browser, Page, expect

from agents.status import State
from agents.times import Interval
from cti.calls import CallFact
from cti.demo.client import TestAgent
from cti.web.http import COOKIE
from tests.support.city import City, eventually
from tests.support.draft_page import DraftPage
from tests.support.hall import Caller, calls
from tests.support.live_desk import LiveDesk

LIGHT = "construction.facilities.street_light"
AS_SHOWN = {
    "idle": State.IDLE,
    "pausing": State.NOT_ANSWERING,
    "away": State.NOT_READY,
    "break": State.NOT_READY,
    "offered": State.OFFERED,
    "talking": State.TALKING,
    "held": State.HELD,
    "wrap_up": State.WRAP_UP,
}
"""What the page says -> what the journal calls it. Of no other page is anything said: it is being loaded."""
_NOTE_STATES = """
(() => {
  let last = null;
  const note = () => {
    const state = document.body.dataset.state ?? "";
    if (state !== last) window.noted((last = state), Date.now() / 1000);
  };
  document.addEventListener("DOMContentLoaded", () => {
    new MutationObserver(note).observe(document.body, {attributes: true, attributeFilter: ["data-state"]});
    note();
  });
})();
"""


@dataclass(frozen=True)
class Footprint:
    """Of a page, after everything that nobody needs has been collected."""

    heap: int
    elements: int
    """Of the document."""
    nodes: int
    """All that the browser has of it, in the document or not."""
    listeners: int


class Seat(LiveDesk):
    """`shown`: every state that the page has shown, and since when (UTC seconds)."""

    def __init__(self, page: Page, agent: TestAgent, address: str) -> None:
        super().__init__(page, agent, address)
        self.shown: list[tuple[float, str]] = []
        self.draft = DraftPage(page, "")

    async def state(self, wanted: str, limit_s: float = 25) -> None:
        """A shift is long, and the machine of a test is busy now and then."""
        await super().state(wanted, limit_s)

    async def footprint(self) -> Footprint:
        session = await self.context.new_cdp_session(self.page)
        try:
            for _ in range(3):
                await session.send("HeapProfiler.collectGarbage")
            heap = await session.send("Runtime.getHeapUsage")
            dom = await session.send("Memory.getDOMCounters")
            elements = await self.page.evaluate("document.querySelectorAll('*').length")
        finally:
            await session.detach()
        return Footprint(int(heap["usedSize"]), elements, int(dom["nodes"]), int(dom["jsEventListeners"]))

    async def answers(self) -> None:
        await self.state("offered")
        await self.press("F2")
        await self.state("talking")
        await expect(self.page.locator(".act[data-act=hold]")).to_have_attribute("aria-disabled", "false")

    async def hangs_up(self) -> None:
        """Again where the page took it for one press with the one before, as it does for a second."""

        async def over() -> bool:
            if await self.page.locator("body").get_attribute("data-state") == "talking":
                await self.press("Shift+F2")
            return await self.page.locator("body").get_attribute("data-state") == "wrap_up"

        await eventually(over, 10, "the end of the talk", every_s=0.2)

    async def ticket(self) -> str:
        """The number of the one before him, as soon as it is there."""
        await expect(self.page.locator(".d-id")).not_to_be_empty()
        return await self.page.locator(".d-id").inner_text()

    async def writes(self, title: str, content: str) -> None:
        """All that a ticket needs."""
        await self.ticket()
        await self.draft.choose_type("1")
        await self.draft.pick("matter", "dlzm")
        for name, text in (("title", title), ("content", content)):
            await self.draft.control(name).focus()
            await self.press("Control+A")
            await self.page.keyboard.insert_text(text)

    async def submits(self) -> None:
        await self.press("Control+Enter")

    async def finishes(self, key: str) -> None:
        """With this code of the list."""
        await self.ticket()
        await self.press("F10", key)

    async def moves(self, text: str, mode: str) -> None:
        """Whom he finds by this text, in this way."""
        await self.press("F6")
        await self.page.keyboard.type(text)
        await expect(self.page.locator("#move-results [aria-selected=true]")).to_contain_text(text)
        await self.press("Enter")
        await self.page.locator(f".modes [data-mode={mode}]").focus()
        await self.press("Enter")


@dataclass(frozen=True)
class Left:
    """What is to be left of a call's ticket."""

    state: str
    agent: str
    finish: str | None = None
    fields: dict[str, str] = field(default_factory=dict)


class Shift:
    """One agent's calls, one after the other. `left`: by call; `apart`: while his page was loaded anew in a talk."""

    def __init__(self, place: City, seat: Seat, colleague: Seat) -> None:
        self.place, self.seat, self.colleague = place, seat, colleague
        self.callers: list[Caller] = []
        self.left: dict[str, Left] = {}
        self.apart: list[tuple[float, float]] = []

    async def rings(self) -> Caller:
        caller = await calls(self.place, len(self.callers))
        self.callers.append(caller)
        await self.seat.state("offered")
        return caller

    async def talks(self) -> Caller:
        caller = await self.rings()
        await self.seat.answers()
        return caller

    def words(self, caller: Caller) -> dict[str, str]:
        """What is written of this call."""
        number = self.callers.index(caller) + 1
        return {"title": f"路灯不亮 {number}", "content": f"青禾路第 {number} 盏路灯三天不亮"}

    async def sends(self, caller: Caller, seat: Seat | None = None) -> None:
        """Writes the whole ticket in the wrap-up and submits it, and is ready for the next call."""
        one, words = seat or self.seat, self.words(caller)
        await one.writes(**words)
        await one.submits()
        await one.state("idle")
        self.leaves(caller, "sent", "dispatch", one, type="consultation", matter=LIGHT, **words)

    async def drops(self, caller: Caller) -> None:
        """Nobody said anything: one code, and nothing is written."""
        await self.seat.finishes("9")
        await self.seat.state("idle")
        self.leaves(caller, "closed", "silent")

    def leaves(
        self, caller: Caller, state: str, finish: str | None = None, seat: Seat | None = None, **fields: str
    ) -> None:
        self.left[caller.id] = Left(state, (seat or self.seat).agent.id, finish, fields)

    async def goes(self, caller: Caller) -> None:
        """The citizen has heard enough."""
        await caller.told(CallFact.SURVEY_OFFERED)
        caller.hang_up()


async def seat(browser: Browser, address: str, agent: TestAgent) -> Seat:
    """Open, registered, on a break."""
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    await context.add_cookies([{"name": COOKIE, "value": agent.token, "url": address}])
    one = Seat(await context.new_page(), agent, address)
    await context.expose_binding("noted", lambda _source, state, at: one.shown.append((at, state)))
    await context.add_init_script(_NOTE_STATES)
    await one.open()
    return one


@dataclass(frozen=True)
class Lag:
    """For so long the page showed something else than the journal knows."""

    begins: float
    seconds: float
    shown: str
    was: str


def lags(shown: Sequence[tuple[float, str]], found: Sequence[Interval]) -> list[Lag]:
    """Every moment at which page and journal differ, from the first state that the page showed to its last."""
    spans = [(at, then, state) for (at, state), (then, _) in pairwise(shown) if state in AS_SHOWN]
    return [
        Lag(max(begins, one.begins), min(ends, one.ends) - max(begins, one.begins), state, one.state)
        for begins, ends, state in spans
        for one in found
        if one.state is not AS_SHOWN[state] and min(ends, one.ends) > max(begins, one.begins)
    ]
