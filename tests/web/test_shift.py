"""A shift of forty calls through the real desk page, by script: every ticket, status and second is accounted for."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing
from itertools import groupby
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from agents.times import intervals, totals
from cti.calls import AgentFact, AgentId, CallFact, Milestone
from cti.demo.media import KEYS
from cti.metrics.record import CallRecord
from tests.support.city import City, city, eventually
from tests.support.hall import Caller
from tests.support.moving_scene import House, started
from tests.support.shift import Footprint, Seat, Shift, lags, seat
from tests.support.stack import Api
from tests.support.telephones import Manner, Telephones

pytestmark = pytest.mark.timeout(900)
WRAP_UP_S = 60.0
AWAY_S = 3.0
"""A page that is loaded anew is there again after so long at most."""
TO_THE_SECOND = 1.0
SIP_REMEMBERS_S = 33.0
"""A telephone keeps what was said of a call for so long, to answer to what comes twice."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    def change(text: str) -> str:
        return text.replace("offer_timeout_s = 3", "offer_timeout_s = 6") + 'agents = {wrap_up = "extendable"}\n'

    yield from started(tmp_path_factory, change)


@pytest_asyncio.fixture
async def place(house: House, tmp_path: Path) -> AsyncIterator[City]:
    folder = tmp_path / "sipp"
    folder.mkdir()
    async with (
        city(house.stack, folder) as town,
        Telephones("127.0.0.2", house.port, None, Manner(answers_after_s=0.2)),
    ):
        yield town


# What happens in a call


async def sent(shift: Shift) -> None:
    caller = await shift.talks()
    await shift.seat.hangs_up()
    await shift.sends(caller)
    await shift.goes(caller)


async def nobody_there(shift: Shift) -> None:
    caller = await shift.talks()
    await shift.seat.hangs_up()
    await shift.drops(caller)
    await shift.goes(caller)


async def answered_at_once(shift: Shift) -> None:
    """The ticket is done before the talk is over; the key that submits then ends the wrap-up."""
    caller, desk = await shift.talks(), shift.seat
    words = shift.words(caller)
    await desk.writes(**words)
    await desk.finishes("2")
    await expect(desk.page.locator(".d-saved")).to_have_attribute("data-kind", "submitted")
    await desk.hangs_up()
    await desk.submits()
    await desk.state("idle")
    shift.leaves(caller, "closed", "direct", type="consultation", **words)
    await shift.goes(caller)


async def rings_out(shift: Shift) -> None:
    """He is not there for once, says that he is again, and gets the same citizen."""
    caller, desk = await shift.rings(), shift.seat
    await desk.state("pausing")
    await desk.press("F4", "1")
    await desk.answers()
    await desk.hangs_up()
    await shift.sends(caller)
    await shift.goes(caller)


async def rejected(shift: Shift) -> None:
    caller, desk = await shift.rings(), shift.seat
    await expect(desk.page.locator(".act.end")).to_have_attribute("aria-disabled", "false")
    await desk.press("Shift+F2")
    await desk.state("pausing")
    await desk.press("F4", "1")
    await desk.answers()
    await desk.hangs_up()
    await shift.drops(caller)
    await shift.goes(caller)


async def held(shift: Shift) -> None:
    caller, desk = await shift.talks(), shift.seat
    await desk.press("F8")
    await caller.told(CallFact.HELD)
    await desk.state("held")
    await desk.press("F8")
    await caller.told(CallFact.UNHELD)
    await desk.state("talking")
    await desk.hangs_up()
    await shift.drops(caller)
    await shift.goes(caller)


async def muted(shift: Shift) -> None:
    caller, desk = await shift.talks(), shift.seat
    button = desk.page.locator(".act[data-act=mute]")
    for pressed in ("true", "false"):
        await desk.press("F9")
        await expect(button).to_have_attribute("aria-pressed", pressed)
    await desk.hangs_up()
    await shift.sends(caller)
    await shift.goes(caller)


async def tones(shift: Shift) -> None:
    caller, desk = await shift.talks(), shift.seat
    await desk.press("Shift+F9")
    await desk.page.keyboard.type("19#")
    await eventually(lambda: _digits(caller) == "19#", 8, "the keys in the sound")
    await desk.press("Escape")
    await desk.hangs_up()
    await shift.drops(caller)
    await shift.goes(caller)


async def longer_wrap_up(shift: Shift) -> None:
    caller, desk = await shift.talks(), shift.seat
    await desk.hangs_up()
    await desk.press("Shift+F8")
    await eventually(lambda: _over_a_minute(desk), 5, "a longer wrap-up")
    await shift.sends(caller)
    await shift.goes(caller)


async def a_break(shift: Shift) -> None:
    """Between two calls."""
    await shift.seat.press("F4", "3")
    await shift.seat.state("break")
    await shift.seat.press("F4", "1")
    await shift.seat.state("idle")
    await sent(shift)


async def a_break_after_the_call(shift: Shift) -> None:
    """Chosen while he talks."""
    caller, desk = await shift.talks(), shift.seat
    await desk.press("F4", "2")
    await expect(desk.page.locator(".next b")).to_have_text("小休（用餐）")
    await desk.state("talking")
    await desk.hangs_up()
    await desk.finishes("9")
    await desk.state("break")
    shift.leaves(caller, "closed", "silent")
    await desk.press("F4", "1")
    await desk.state("idle")
    await shift.goes(caller)


async def loaded_anew_in_the_talk(shift: Shift) -> None:
    caller, desk = await shift.talks(), shift.seat
    words = shift.words(caller)
    await desk.ticket()
    await desk.draft.write("title", words["title"])
    began = time.time()
    await desk.page.reload(wait_until="commit")
    await caller.told(CallFact.ANSWERED, times=2)
    await desk.state("talking")
    shift.apart.append((began, time.time()))
    await desk.draft.expect_value("title", words["title"])
    await desk.hangs_up()
    await shift.sends(caller)
    await shift.goes(caller)


async def loaded_anew_in_the_wrap_up(shift: Shift) -> None:
    """In the middle of a sentence."""
    caller, desk = await shift.talks(), shift.seat
    words = shift.words(caller)
    await desk.hangs_up()
    await desk.ticket()
    await desk.draft.write("content", words["content"][:5])
    await desk.page.reload(wait_until="commit")
    await desk.state("wrap_up")
    await desk.draft.expect_value("content", words["content"][:5])
    await desk.draft.expect_focus("content")
    await desk.page.keyboard.insert_text(words["content"][5:])
    await desk.draft.choose_type("1")
    await desk.draft.pick("matter", "dlzm")
    await desk.draft.write("title", words["title"])
    await desk.submits()
    await desk.state("idle")
    shift.leaves(caller, "sent", "dispatch", type="consultation", **words)
    await shift.goes(caller)


async def gone_before_the_answer(shift: Shift) -> None:
    caller = await shift.rings()
    caller.hang_up()
    await shift.seat.state("idle")
    shift.leaves(caller, "closed", "not_answered")


async def hangs_up_in_the_talk(shift: Shift) -> None:
    caller = await shift.talks()
    caller.hang_up()
    await shift.seat.state("wrap_up")
    await shift.sends(caller)


async def rated(shift: Shift) -> None:
    caller = await shift.talks()
    await shift.seat.hangs_up()
    await caller.told(CallFact.SURVEY_OFFERED)
    await asyncio.sleep(0.8)  # a moment to hear what he is asked
    caller.line.press("1")
    await caller.told(CallFact.RATED, score=1)
    await shift.sends(caller)


async def sent_on(shift: Shift, text: str) -> None:
    """Without announcement to the colleague, who finds what was written and finishes it."""
    caller, desk, other = await shift.talks(), shift.seat, shift.colleague
    words = shift.words(caller)
    await desk.ticket()
    await desk.draft.write("title", words["title"])
    await desk.moves(text, "blind")
    await other.answers()
    await other.draft.expect_value("title", words["title"])
    await desk.state("wrap_up")
    await desk.press("F4", "1")
    await desk.state("idle")
    await other.hangs_up()
    await shift.sends(caller, other)
    await shift.goes(caller)


async def to_an_agent(shift: Shift) -> None:
    await sent_on(shift, shift.colleague.agent.id)


async def to_a_queue(shift: Shift) -> None:
    await sent_on(shift, "企业")


async def department(shift: Shift) -> None:
    """Three in the talk, and then two again."""
    caller, desk = await shift.talks(), shift.seat
    await desk.moves("供水", "conference")
    await expect(desk.page.locator(".call .party.joined")).to_be_visible()
    await caller.told(CallFact.PARTY_JOINED)
    await desk.page.locator(".call .party .x").click()
    await caller.told(CallFact.PARTY_LEFT)
    await expect(desk.page.locator(".call .party")).to_have_count(0)
    await desk.hangs_up()
    await shift.drops(caller)
    await shift.goes(caller)


Doing = Callable[[Shift], Awaitable[None]]
CALLS: tuple[Doing, ...] = (
    sent, nobody_there, rings_out, held, answered_at_once,
    loaded_anew_in_the_talk, muted, loaded_anew_in_the_wrap_up, department, rated,
    a_break, longer_wrap_up, a_break_after_the_call, gone_before_the_answer, to_an_agent,
    rejected, to_a_queue, tones, hangs_up_in_the_talk, sent,
    nobody_there, held, answered_at_once, rated, muted,
    gone_before_the_answer, sent, hangs_up_in_the_talk, tones, longer_wrap_up,
    rejected, sent, nobody_there, department, answered_at_once,
    held, to_an_agent, rated, rings_out, sent,
)  # fmt: skip
assert len(CALLS) == 40


async def test_forty_calls(place: City, browser: Browser, record_property: Callable[[str, object], None]) -> None:
    api, prints = place.api, list[Footprint]()
    async with journal(api) as heard:
        (me,) = await api.add_test_agents(1, {"general": 3}, "s", WRAP_UP_S)
        (other,) = await api.add_test_agents(1, {"enterprise": 3}, "c", WRAP_UP_S)
        shift = Shift(place, await seat(browser, api.address, me), await seat(browser, api.address, other))
        for one in (shift.seat, shift.colleague):
            await one.ready()
        for number, doing in enumerate(CALLS, 1):
            began = time.monotonic()
            await doing(shift)
            print(f"{number:2} {doing.__name__} {time.monotonic() - began:.1f} s")
            if number in (30, 40):
                await asyncio.sleep(SIP_REMEMBERS_S)
                prints.append(await shift.seat.footprint())
        assert shift.seat.faults == shift.colleague.faults == []
        for one in (shift.seat, shift.colleague):
            await one.press("F4", "7")
            await one.page.wait_for_url("**/login**")
        records = await place.records()

        async def logged_out() -> bool:
            return sum(m.kind == AgentFact.LOGGED_OUT for m in heard) == 2

        await eventually(logged_out, 5, "the end of the shift in the journal")
    check_records(shift, records)
    await check_tickets(shift)
    worst = max([await check_times(shift, one, heard) for one in (shift.seat, shift.colleague)])
    record_property("page_behind_s", worst)
    check_footprints(*prints)


def check_records(shift: Shift, records: list[CallRecord]) -> None:
    """Each call is one record."""
    assert {record.call_id for record in records} == {caller.id for caller in shift.callers}
    by_call = {record.call_id: record for record in records}
    found = [(doing.__name__, by_call[caller.id]) for doing, caller in zip(CALLS, shift.callers, strict=True)]
    for name, record in found:
        offers = {"rings_out": 2, "rejected": 2, "to_an_agent": 2, "to_a_queue": 2, "loaded_anew_in_the_talk": 2}
        assert record.offers == offers.get(name, 1), (name, record)
        assert record.answered == (name != "gone_before_the_answer"), (name, record)
        assert record.satisfied == (name == "rated" or None), (name, record)
        assert record.moves == (name in ("to_an_agent", "to_a_queue")), (name, record)
        agents = (shift.seat.agent.id, shift.colleague.agent.id)
        assert record.agents == agents[: record.answered + record.moves], (name, record)
        assert bool(record.recordings) == record.answered, (name, record)
        assert all(one.complete for one in record.recordings), (name, record)


async def check_tickets(shift: Shift) -> None:
    """Each call has one ticket, as it was written, and the database has no other."""
    api = shift.place.api
    assert shift.left.keys() == {caller.id for caller in shift.callers}
    for call_id, left in shift.left.items():

        async def found(call_id: str = call_id) -> dict[str, object]:
            ticket: dict[str, object] = await api._ask("GET", f"/api/calls/{call_id}/ticket")
            return ticket if ticket["state"] != "submitted" else {}

        ticket = await eventually(found, 15, "a ticket that can be called back no more")
        values = {name: ticket["fields"][name]["value"] for name in left.fields}
        assert (ticket["state"], ticket["finish"], ticket["agent"], values) == (
            left.state, left.finish, left.agent, left.fields,
        ), ticket  # fmt: skip
    with closing(sqlite3.connect(shift.place.stack.settings.var / "yihu.db")) as database:
        rows = database.execute("SELECT state, count(*) FROM ticket GROUP BY state").fetchall()
    assert dict(rows) == Counter(left.state for left in shift.left.values())


async def check_times(shift: Shift, one: Seat, heard: list[Milestone]) -> float:
    """Journal, page and report say the same of every second. Returns by how much the page was behind at worst."""
    own = [m for m in heard if m.stream == "call" or m.id == one.agent.id]
    began = min(m.at for m in own if m.stream == "agent" and m.kind == AgentFact.LOGGED_IN)
    ended = max(m.at for m in own if m.stream == "agent" and m.kind == AgentFact.LOGGED_OUT)
    found = intervals(AgentId(one.agent.id), own, began, ended)
    sums = totals(found)
    assert sums.logged_in == pytest.approx(ended - began, abs=0.001)
    report = await shift.place.api._ask("GET", f"/api/agents/{one.agent.id}/times")
    for name in ("logged_in", "idle", "offered", "talking", "held", "wrap_up", "not_answering"):
        assert report[f"{name}_s"] == pytest.approx(getattr(sums, name), abs=0.01), name
    assert report["not_ready_s"] == pytest.approx(dict(sums.not_ready), abs=0.01)

    apart = shift.apart if one is shift.seat else []
    assert all(until - since < AWAY_S for since, until in apart), apart
    behind = [lag for lag in lags(one.shown, found) if not any(since <= lag.begins <= until for since, until in apart)]
    worst = max(behind, key=lambda lag: lag.seconds)
    print(one.agent.id, report, "behind:", len(behind), sum(lag.seconds for lag in behind), worst)
    assert worst.seconds <= TO_THE_SECOND, worst
    return worst.seconds


def check_footprints(first: Footprint, last: Footprint) -> None:
    """A page that was loaded anew compiles, for some twenty calls, what it had not yet been asked to do."""
    print(first, last)
    assert last.heap <= first.heap * 1.05, (first, last)
    assert last.elements <= first.elements * 1.05, (first, last)
    assert last.listeners <= first.listeners * 1.05, (first, last)
    # Beside these the browser keeps nodes of what was typed, to undo it: of a bare page too.
    assert last.nodes <= first.nodes * 1.10, (first, last)


@asynccontextmanager
async def journal(api: Api) -> AsyncIterator[list[Milestone]]:
    """Every milestone from now on."""
    heard: list[Milestone] = []
    async with api.timeline() as milestones:

        async def listen() -> None:
            async for milestone in milestones:
                heard.append(milestone)

        listening = asyncio.create_task(listen())
        try:
            yield heard
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


async def _over_a_minute(desk: Seat) -> bool:
    minutes, _ = (await desk.page.locator(".call .time b").inner_text()).split(":")
    return int(minutes) > 0


def _digits(caller: Caller) -> str:
    """The keys that came in the stream of sound (RFC 4733: four bytes, of which the second tells the end)."""
    events = [(payload[0], payload[1] >> 7) for _, payload in caller.ear.heard if len(payload) == 4]
    return "".join(KEYS[event] for (event, end), _ in groupby(events) if end)
