"""A floor of made-up seats behind the supervisor's page: our own pages and channel, and answers of a test instead of a
daemon's. Everything that the page asks for is kept in `asked`."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import orjson
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page

from cti.accounts.people import Role
from cti.web.board import Board
from cti.web.headers import add_headers
from cti.web.http import GUARD, WHO, Who, errors
from cti.web.site import site_routes
from tests.support.browser import faults_of

SKILLS: list[dict[str, Any]] = [
    {"id": "general", "zh": "综合", "en": "General", "queue": True},
    {"id": "enterprise", "zh": "企业服务", "en": "Enterprise", "queue": True},
    {"id": "social_security", "zh": "社保", "en": "Social security", "queue": True},
    {"id": "video", "zh": "视频手语", "en": "Video", "queue": True},
    {"id": "english", "zh": "英语", "en": "English", "queue": False},
]
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许"
GIVEN = ("一帆", "静", "明", "晓雨", "建国", "丽", "伟", "敏", "海燕", "志强")
STATES = (
    ("talking",) * 29 + ("wrap_up",) * 6 + ("idle",) * 3 + ("not_ready",) * 3 + ("offline",) * 7 + ("offered", "held")
)
LASTS_S = {"talking": 700, "wrap_up": 80, "idle": 300, "not_ready": 1500, "offered": 15, "held": 50, "offline": 9000}
_ATTRIBUTE_OF_STATE = {"not_ready": "break", "offline": "offline"}
Rows = dict[str, dict[str, Any]]


def seat(n: int, state: str, share: float, now: float) -> dict[str, Any]:
    """The n-th agent's row. `share` of the longest that he may have been so."""
    id_ = f"a{1001 + n}"
    busy = state in ("talking", "held", "offered")
    since = now - 2 - share * LASTS_S[state]
    call = f"c-{n}" if busy else None
    return {
        "id": id_,
        "name": SURNAMES[n % 20] + GIVEN[n // 3 % 10],
        "skills": {"general": 3, SKILLS[1 + n % 4]["id"]: 2} if n % 3 else {"general": 3},
        "status": _ATTRIBUTE_OF_STATE.get(state, "ready"),
        "reason": "meal" if state == "not_ready" else "",
        "status_since": since,
        "state": state,
        "state_since": since,
        "held_back": [],
        "misses": 0,
        "wrap_up": None,
        "call_id": call,
        "temporary": False,
        "forced": None,
        "skills_today": None,
        "phone": "in_use" if busy else "registered",
        "talk": {"call_id": call, "phase": "talk", "queue": "general", "since": since, "number": "138****5678"}
        if busy
        else None,
    }


class FakeFloor:
    """`roles` of who is logged in. `seats`, `queues` and `alerts` are what `publish` tells the page."""

    def __init__(self, seats: int, roles: tuple[str, ...] = ("supervisor",)) -> None:
        self.now = time.time()
        self.roles = roles
        dice = random.Random(12345)
        rows = [seat(n, dice.choice(STATES), dice.random(), self.now) for n in range(seats)]
        self.seats: Rows = {str(row["id"]): row for row in rows}
        self.queues: Rows = {
            one["id"]: {"zh": one["zh"], "en": one["en"], "order": n, "waiting": 0, "longest_since": None}
            for n, one in enumerate(SKILLS[:4])
        }
        self.alerts: Rows = {}
        self.wall: dict[str, Rows] = {
            "rates": {"connection_rate": {"n": 8214, "of": 8889, "unknown": None}},
            "definitions": {
                "connection_rate": {
                    "name": {"zh": "接通率", "en": "Connection rate"},
                    "formula": {"zh": "人工接听 / 全部来电", "en": "answered by a person / all calls that arrived"},
                    "target": 0.9,
                }
            },
        }
        self.staffing: dict[str, Any] = _staffing(self.now)
        self.transcript: dict[str, Any] = {"segments": []}
        self.supervisions: list[dict[str, Any]] = []
        self.broadcasts: list[dict[str, Any]] = []
        self.notices: list[dict[str, Any]] = []
        self.guests: list[dict[str, Any]] = []
        plain = {"mode": None, "until": None, "by": None, "since": None}
        self.modes: Rows = {
            "12345": {"number": "12345", "flow": "city", "modes": ["menu", "zero_menu"], "usual": "menu", **plain},
            "12333": {"number": "12333", "flow": "social", "modes": [], "usual": None, **plain},
        }
        self.rungs = dict.fromkeys(("short_prompts", "callback_sooner", "borrow", "standby"), (False, "rule"))
        self.asked: list[tuple[str, str, Any]] = []
        self.refusing: dict[str, tuple[int, str]] = {}
        """Path -> status and code."""
        self.board = Board(time.time, time.monotonic)
        self.url = ""
        self._beating: asyncio.Task[None] | None = None

    def publish(self) -> None:
        ready = Counter(skill for row in self.seats.values() if row["state"] == "idle" for skill in row["skills"])
        talking = Counter(row["talk"]["queue"] for row in self.seats.values() if row["state"] in ("talking", "held"))
        for code, row in self.queues.items():
            self.queues[code] = {**row, "ready": ready[code], "talking": talking[code]}
        rungs = sorted(name for name, (on, _) in self.rungs.items() if on)
        city = {"city": {"rungs": rungs, "notices": [one["name"] for one in self.notices]}}
        self.board.publish(
            "seats", {"agents": dict(self.seats), "queues": dict(self.queues), "calls": {}, "city": city}
        )
        self.board.publish("alerts", {"alerts": dict(self.alerts)})
        self.board.publish("wall", self.wall)

    def change(self, id_: str, **fields: Any) -> None:
        """One seat is another since this moment."""
        self.seats[id_] = {**self.seats[id_], "state_since": time.time(), **fields}
        self.publish()

    def alert(
        self, id_: str, zh: str, en: str, level: str = "warning", ago_s: float = 0, subject: str = "city"
    ) -> None:
        self.alerts[id_] = {
            "id": id_,
            "rule": "longest_wait",
            "level": level,
            "since": self.now - ago_s,
            "state": "raised",
            "by": None,
            "note": None,
            "words": {"zh": zh, "en": en},
            "subject": subject,
        }

    def bodies(self, method: str, path: str) -> list[Any]:
        """Of what was asked."""
        return [body for m, p, body in self.asked if (m, p) == (method, path)]

    def fall_silent(self) -> None:
        """Nothing more is said, and nobody is let in again."""
        if self._beating is not None:
            self._beating.cancel()
        self.refusing["/api/socket-ticket"] = (503, "sessions_away")

    @asynccontextmanager
    async def open(self) -> AsyncIterator[FakeFloor]:
        roles = frozenset(Role(role) for role in self.roles)

        @web.middleware
        async def enter(request: web.Request, handler: Any) -> web.StreamResponse:
            request[WHO] = Who("chen", roles)
            answer: web.StreamResponse = await handler(request)
            return answer

        app = web.Application(middlewares=[errors, enter])
        app[GUARD] = SimpleNamespace(sessions=SimpleNamespace(seen=lambda _key: None))  # type: ignore[misc]
        app.on_response_prepare.append(add_headers)
        app.add_routes([*site_routes(), *self.board.routes(), web.route("*", "/api/{path:.*}", self._answer)])
        self.publish()
        self._beating = asyncio.create_task(self.board.run())
        async with TestServer(app) as server:
            self.url = str(server.make_url("")).rstrip("/")
            try:
                yield self
            finally:
                self._beating.cancel()
                self.board.close()

    async def _answer(self, request: web.Request) -> web.Response:
        body = orjson.loads(await request.read() or b"null")
        method, path = request.method, request.path
        self.asked.append((method, path, body))
        if path in self.refusing:
            status, code = self.refusing[path]
            return web.json_response({"error": code, "message": code}, status=status)
        answer = self._said(method, path.split("/")[2:], body)
        if answer is None:
            return web.json_response({"error": "http", "message": "Not Found"}, status=404)
        return web.json_response(answer, status=201 if method == "POST" else 200)

    def _said(self, method: str, path: list[str], body: Any) -> Any:
        match method, path:
            case "GET", ["me"]:
                user = {"id": "chen", "name": "陈敏", "roles": list(self.roles), "agent": "agent" in self.roles}
                return {"user": user, "csrf": "word"}
            case "POST", ["socket-ticket"]:
                return {"ticket": "t"}
            case "GET", ["words"]:
                return {"skills": SKILLS, "queues": SKILLS[:4], "departments": []}
            case "GET", ["staffing"]:
                return self.staffing
            case "GET", ["calls", _, "transcript"]:
                return self.transcript
            case "GET", ["agents", _, "times"]:
                return _times()
            case "POST", ["supervision", "softphone"]:
                return None  # of this house no telephone is opened in a browser
            case _, ["supervision", *rest]:
                return self._supervise(method, rest, body)
            case _, ["agents", _, "force" | "skills-today"]:
                return {"agent": {}}
            case "POST", ["alerts", id_, "acknowledge"]:
                said = {"state": "acknowledged", "by": "chen", "note": body["note"] or None}
                self.alerts[id_] = {**self.alerts[id_], **said}
                self.publish()
                return list(self.alerts.values())
            case _, ["broadcast" | "broadcasts", *_]:
                return self._broadcast(method, body)
            case "GET", ["surge"]:
                return self._surge()
            case "POST", ["surge", rung]:
                self.rungs[rung] = (body["mode"] == "on", "rule" if body["mode"] == "auto" else "chen")
                self.publish()
                return self._surge()
            case _, ["notices", *rest]:
                return self._notice(method, rest, body)
            case _, ["flow-modes", *rest]:
                return self._mode(method, rest, body)
            case _, ["guest-listens", *rest]:
                return self._guest(method, rest, body)
            case _:
                return None

    def _supervise(self, method: str, rest: list[str], body: Any) -> Any:
        if method == "POST" and not rest:
            call = self.seats[body["agent"]]["call_id"]
            row = {
                "id": "s1",
                "mode": body["mode"],
                "agent": body["agent"],
                "call_id": call,
                "state": "on",
                "by": "chen",
            }
            row |= {"via": body["via"], "since": time.time()}
            self.supervisions.append(row)
            return row
        if method == "PATCH":
            self.supervisions[0] = {**self.supervisions[0], "mode": body["mode"]}
            return self.supervisions[0]
        if method == "DELETE":
            self.supervisions.clear()
            return {}
        if rest and rest[-1] == "take-over":
            self.supervisions.clear()
            return {"call_id": "c", "p": 1}
        return list(self.supervisions)

    def _broadcast(self, method: str, body: Any) -> Any:
        if method == "GET":
            return self.broadcasts
        there = [row["id"] for row in self.seats.values() if row["state"] != "offline"]
        agents = there if body["to"] == "all" else body["to"]["agents"]
        receipts = [{"agent": id_, "seen_at": self.now if n % 3 else None} for n, id_ in enumerate(agents)]
        message = {"id": f"b{len(self.broadcasts)}", "at": self.now, "by": "chen", "receipts": receipts}
        self.broadcasts.insert(0, {**message, "text": body["text"], "urgent": body["urgent"]})
        return {"id": message["id"], "agents": agents}

    def _surge(self) -> Mapping[str, Any]:
        rungs = [{"rung": name, "on": on, "since": self.now, "by": by} for name, (on, by) in self.rungs.items()]
        return {"saturation": 0.87, "wait_s": 48.0, "rungs": rungs}

    def _notice(self, method: str, rest: list[str], body: Any) -> Any:
        if method == "PUT":
            self.notices.append({"name": rest[0], "until": self.now + 60 * body["minutes"], **body})
        elif method == "DELETE":
            self.notices = [one for one in self.notices if one["name"] != rest[0]]
        self.publish()
        return self.notices

    def _mode(self, method: str, rest: list[str], body: Any) -> Any:
        if method == "GET":
            return list(self.modes.values())
        mode, minutes = (body["mode"], body["minutes"]) if method == "PUT" else (None, None)
        until = None if minutes is None else self.now + 60 * minutes
        self.modes[rest[0]] |= {"mode": mode, "until": until, "by": mode and "chen"}
        return self.modes[rest[0]]

    def _guest(self, method: str, rest: list[str], body: Any) -> Any:
        if method == "POST":
            self.guests.append({"id": f"g{len(self.guests)}", **body, "state": "planned"})
        elif method == "DELETE":
            self.guests = [one for one in self.guests if one["id"] != rest[0]]
        return self.guests


def _times() -> dict[str, Any]:
    seconds = {"logged_in": 9000, "idle": 900, "offered": 40, "talking": 6180, "held": 60, "wrap_up": 900}
    times = {f"{name}_s": value for name, value in seconds.items()}
    return {**times, "not_answering_s": 0, "not_ready_s": {"meal": 920}, "talks": 41, "occupancy": 0.88}


def _staffing(now: float) -> dict[str, Any]:
    def half(at: float, needed: int, there: int) -> dict[str, Any]:
        total = {
            "queues": ["general"],
            "needed": needed,
            "there": there,
            "short": max(0, needed - there),
            "unknown": None,
        }
        return {"begins_at": at, "seats": "at_work", "queues": [{**total, "short": 4}], "pools": [], "total": total}

    begins = now // 1800 * 1800
    return {"at": now, "half_hours": [half(begins, 258, 248), half(begins + 1800, 271, 250)], "present": []}


class FloorPage:
    """A supervisor's browser. `faults`: what the page complains about."""

    def __init__(self, floor: FakeFloor, page: Page) -> None:
        self.floor, self.page = floor, page
        self.faults = faults_of(page)

    async def go(self, lang: str = "zh") -> None:
        await self.page.goto(f"{self.floor.url}/supervisor?lang={lang}")
        await self.page.wait_for_selector(".row .cell[data-seat]:not(.empty)")

    def cell(self, name: str) -> Any:
        """A seat by its name."""
        return self.page.locator(f'.cell[data-seat="{name}"]')


@asynccontextmanager
async def floor_page(
    floor: FakeFloor, browser: Browser, width: int = 1440, height: int = 900
) -> AsyncIterator[FloorPage]:
    context = await browser.new_context(
        viewport={"width": width, "height": height}, locale="zh-CN", timezone_id="Asia/Shanghai"
    )
    try:
        yield FloorPage(floor, await context.new_page())
    finally:
        await context.close()
