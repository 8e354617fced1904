"""A wallboard's server whose numbers a test makes up: what the page is told is made by the daemon's own view."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page

from cti import wall_view
from cti.accounts.people import Role
from cti.exchange import Exchange
from cti.metrics.figures import Sums
from cti.metrics.gaps import Gap
from cti.metrics.groups import day
from cti.settings import Targets
from cti.switchboard import Switchboard
from cti.web.board import Board
from cti.web.headers import add_headers
from cti.web.http import COOKIE
from cti.web.site import site_routes
from tests.support.accounts import Accounts
from tests.support.browser import faults_of

ZONE = ZoneInfo("Asia/Shanghai")
HALF_HOUR_S = 1800
DIPS = {16: 5, 17: 7, 18: 9, 19: 11.5, 20: 11.7, 21: 12.4, 22: 9, 23: 7, 24: 6.5, 25: 6, 26: 5.5, 27: 5, 28: 6, 29: 7.8}
"""By half hour of the day: what is missing to 100 % in it; 4 elsewhere."""
QUEUES = (
    ("general", "综合", "General", 11, 48.0, 7),
    ("enterprise", "企业服务", "Enterprise services", 3, 21.0, 2),
    ("social_security", "社会保障", "Social security", 2, 33.0, 1),
    ("video", "视频", "Video", 1, 12.0, 1),
    ("sign", "手语", "Sign language", 0, None, 1),
)
SEATS = {"talking": 176, "idle": 12, "offered": 6, "wrap_up": 38, "break": 14, "fault": 2, "offline": 52}


def sums_of(calls: int, missing: float) -> Sums:
    """Of a half hour in which so many percent were lost, most of them in the menu and while waiting."""
    lost = round(calls * missing / 100)
    menu, ringing, no_seat = round(lost * 0.44), round(lost * 0.08), round(lost * 0.05)
    overflow, callback, none = round(lost * 0.03), round(lost * 0.02), round(lost * 0.01)
    queue = lost - menu - ringing - no_seat - overflow - callback - none
    answered = calls - lost
    places = {"menu": menu, "queue": queue, "ringing": ringing, "no_seat": no_seat, "overflow": overflow}
    return Sums(
        {
            "calls": calls,
            "answered": answered,
            "asked": calls - menu // 2,
            "asked_answered_15s": round(answered * 0.857),
            "queued": answered + queue + ringing + no_seat + overflow,
            "queue_answered": answered,
            "queue_wait_ms": answered * 7200,
            "wait_ms": answered * 11_300,
            "surveyed": round(answered * 0.98),
            "rated": round(answered * 0.46),
            "satisfied": round(answered * 0.4535),
            **{f"lost_{place}": n for place, n in (places | {"callback": callback, "none": none}).items()},
        }
    )


def load(slot: int) -> int:
    """Calls of a half hour of the day."""
    return 60 + (260 if 16 <= slot < 23 else 330 if 27 <= slot < 35 else 160 if 12 <= slot < 44 else 0)


@dataclass
class Town:
    """What the wallboard shows; a test changes it and says `publish`."""

    now: float
    days: wall_view.Days
    waiting: list[tuple[str, str, str, int, float | None, int]] = field(default_factory=lambda: list(QUEUES))
    seats: dict[str, int] = field(default_factory=lambda: dict(SEATS))
    gaps: tuple[Gap, ...] = ()
    staffing: Mapping[str, Any] | None = None
    rungs: tuple[str, ...] = ()
    speech: str = "ok"

    def state(self) -> dict[str, wall_view.Section]:
        period = day(self.now, ZONE)
        agents = Sums({"talking_ms": 80, "on_hold_ms": 2, "wrap_up_ms": 8, "idle_ms": 10, "agent_talks": 1})
        rates = wall_view.rates(self.days, agents, self.gaps, period, self.now)
        if self.days.today:
            rates["callback_reach_rate"] |= {"n": 412.0, "of": 461.0, "unknown": None}
        queues = {
            code: {
                "zh": zh,
                "en": en,
                "order": n,
                "waiting": count,
                "longest_since": None if longest is None else self.now - longest,
                "ready": ready,
                "talking": 30,
            }
            for n, (code, zh, en, count, longest, ready) in enumerate(self.waiting)
        }
        ladder = ("short_prompts", "callback_sooner", "broadcast", "borrow", "standby")
        return {
            "definitions": wall_view.definitions(Targets().by_metric()),
            "rates": rates,
            "today": wall_view.half_hours(self.days.today, ZONE, self.gaps, self.now),
            "yesterday": wall_view.half_hours(self.days.yesterday, ZONE, (), self.now),
            "last_week": wall_view.half_hours(self.days.last_week, ZONE, (), self.now),
            "gaps": {str(gap.since): {"since": gap.since, "until": gap.until} for gap in self.gaps},
            "losses": wall_view.losses(self.days.today),
            "seats": {name: {"n": self.seats[name]} for name in wall_view.SEATS},
            "queues": queues,
            "waiting": wall_view.waiting(queues),
            "staffing": wall_view.staffing(self.staffing),
            "surge": {rung: {"on": rung in self.rungs, "order": n} for n, rung in enumerate(ladder)},
            "callbacks": {"owed": {"n": 49}},
            "city": {
                "city": {
                    "name": "样例市",
                    "zone": str(ZONE),
                    "date": datetime.fromtimestamp(self.now, ZONE).date().isoformat(),
                    "half_hour": int(self.now) // HALF_HOUR_S * HALF_HOUR_S,
                    "speech": self.speech,
                }
            },
        }


NEED: Mapping[str, Any] = {
    "share": 0.95,
    "within_s": 15.0,
    "total": [
        {"begins_at": 0, "needed": 258, "there": 248, "short": 10, "unknown": None},
        {"begins_at": 0, "needed": 271, "there": None, "short": None, "unknown": "no_schedule"},
    ],
}


def busy(now: float) -> Town:
    """A city of some 9,000 calls a day that dipped under its target this morning."""

    def course(days_ago: int, worse: float, slots: int) -> dict[int, Sums]:
        begins = int(day(now - days_ago * 86_400, ZONE).since)
        return {
            begins + slot * HALF_HOUR_S: sums_of(load(slot), DIPS.get(slot, 4.0) * worse + slot % 3 * 0.4)
            for slot in range(slots)
        }

    slots = int(now - day(now, ZONE).since) // HALF_HOUR_S + 1
    days = wall_view.Days(course(0, 1.0, slots), course(1, 1.3, 48), course(7, 1.5, 48))
    first, second = NEED["total"]
    ends = int(now) // HALF_HOUR_S * HALF_HOUR_S + HALF_HOUR_S
    return Town(now, days, staffing={**NEED, "total": [first, {**second, "begins_at": ends}]})


def quiet(now: float) -> Town:
    """Nothing has happened yet."""
    seats = dict.fromkeys(SEATS, 0) | {"offline": 300}
    waiting: list[tuple[str, str, str, int, float | None, int]] = [(*one[:3], 0, None, 0) for one in QUEUES]
    return Town(now, wall_view.Days({}, None, None), waiting, seats)


class WallHouse:
    """The server; its clock says that it is half past two in the afternoon."""

    def __init__(self) -> None:
        afternoon = datetime.now(ZONE).replace(hour=14, minute=32, second=7) + timedelta(days=1)
        self._ahead_s = afternoon.timestamp() - time.time()
        exchange = Exchange(Switchboard(20.0), self, self.wall)
        self.accounts = Accounts(exchange)
        self.accounts.add("chen", Role.SUPERVISOR)
        self.accounts.add("xiao", Role.AGENT)
        self.board = Board(self.wall, time.monotonic)
        self.accounts.sessions.on_end.append(self.board.session_over)
        self.town = busy(self.wall())
        self.url = ""

    def wall(self) -> float:
        return time.time() + self._ahead_s

    def append(self, milestone: object) -> None:
        """No milestone comes of this."""

    def publish(self) -> None:
        self.town.now = self.wall()
        self.board.publish("wall", self.town.state())

    @asynccontextmanager
    async def open(self) -> AsyncIterator[WallHouse]:
        app = self.accounts.app(self.accounts.routes.routes(), self.board.routes(), site_routes())
        app.on_response_prepare.append(add_headers)
        running = asyncio.create_task(self.board.run())
        self.server = TestServer(app)
        await self.server.start_server()
        self.url = str(self.server.make_url("")).rstrip("/")
        try:
            yield self
        finally:
            self.board.close()
            running.cancel()
            await self.server.close()

    async def stop(self) -> None:
        """As if the daemon had ended."""
        self.board.close()
        await self.server.close()


class WallPage:
    """A browser of somebody who is logged in. `faults`: what the page complains about."""

    def __init__(self, house: WallHouse, page: Page) -> None:
        self.house, self.page = house, page
        self.faults = faults_of(page)

    async def go(self, lang: str = "zh", theme: str = "dark") -> None:
        await self.page.goto(f"{self.house.url}/wallboard?lang={lang}&theme={theme}")
        await self.page.wait_for_selector("body[data-age=fresh]")

    async def text(self, selector: str) -> str:
        return " ".join((await self.page.locator(selector).inner_text()).split())


@asynccontextmanager
async def wall_page(
    house: WallHouse, browser: Browser, user: str = "chen", width: int = 1920, height: int = 1080
) -> AsyncIterator[WallPage]:
    context = await browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
    await context.add_cookies([{"name": COOKIE, "value": await house.accounts.token(user), "url": house.url}])
    try:
        yield WallPage(house, await context.new_page())
    finally:
        await context.close()
