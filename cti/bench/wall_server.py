"""The server of `yihu bench wallboard`, a process of its own so that its processor time and memory are nobody else's.

The daemon's own parts between a fact and the pages: switchboard, journal on disk, figures, views, channel, site. It
takes orders as JSON lines, {"do": "call" | "cost" | "end"}, and answers each with one.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from aiohttp import web

from agents.roster import Agent
from cti.accounts.people import People, Role, User
from cti.accounts.sessions import Sessions
from cti.accounts.throttle import Throttle
from cti.accounts.tickets import Tickets
from cti.accounts.trail import Entry
from cti.board_house import BoardHouse, Parts
from cti.calls import AgentFact, AgentId, CallFact, CallId, Milestone, Need, Value
from cti.exchange import Exchange
from cti.live_figures import LiveFigures
from cti.metrics.gaps import Gap
from cti.metrics.rollups import Rollup
from cti.rules import Surge
from cti.settings import Calls, Settings
from cti.skills import SKILLS, read_skills
from cti.storage.expiring import MemoryExpiring
from cti.storage.journal import Journal
from cti.surge_watch import SurgeWatch
from cti.switchboard import Switchboard
from cti.web.access import access
from cti.web.accounts import AccountRoutes
from cti.web.http import EXCHANGE, GUARD, TRAIL, Guard, errors
from cti.web.site import site_routes

_AGENTS = 300
_TALKS = 200
_WAITING = 20
_USER = "bench"
_PAGE = 4096


class _NoTrail:
    def note(self, who: str, what: str, on: str = "", data: object = None) -> None:
        """Nobody reads it."""

    def note_refusal(self, who: str, on: str, code: str) -> None:
        """Nobody is refused."""

    async def read(self, before: int | None, limit: int, who: str = "", what: str = "") -> list[Entry]:
        return []


class _NoFloor:
    def habits(self, queues: object, at: object) -> dict[str, Any]:
        return {}

    def at_work(self) -> list[Any]:
        return []


class City:
    """300 agents, of whom 200 talk; 20 callers wait; and calls that come and hang up."""

    def __init__(self, folder: Path) -> None:
        settings = Settings(var=folder, calls=Calls(min_free_mb=1))
        zone = ZoneInfo(settings.city.timezone)
        self.journal = Journal(settings.journal_dir, on_durable=self._on_durable, min_free_bytes=1)
        self.switchboard = Switchboard(0.0)
        agents = [AgentId(f"a{1000 + n}") for n in range(_AGENTS)]
        self.switchboard.set_roster({one: Agent(one, one, {"general": 3}) for one in agents})
        self.exchange = Exchange(self.switchboard, self.journal, time.time)
        self.figures = LiveFigures(zone, time.time)
        surge = SurgeWatch(self.exchange, Surge(), _NoFloor(), _never, lambda: None)
        skills = read_skills(SKILLS, "skills.toml")
        self.pages = BoardHouse(
            Parts(
                city=settings.city,
                targets=settings.targets,
                zone=zone,
                wall=time.time,
                monotonic=time.monotonic,
                switchboard=self.switchboard,
                figures=self.figures,
                surge=surge,
                phone=lambda agent: "registered",
                skills=lambda: skills.skill,
                speech=lambda: "ok",
                past=_nothing,
                owed=lambda: (0, 0),
                gaps=_no_gaps,
                staffing=lambda: None,
            )
        )
        self._calls = 0
        for agent in agents:
            self.exchange.agent(AgentFact.LOGGED_IN, agent)
        for agent in agents[:_TALKS]:
            self.exchange.agent(AgentFact.STATUS, agent, {"status": "ready"})
            call = self.arrive()
            need = Need("general")
            self.exchange.call(CallFact.QUEUED, call, {"queue": "general", "need": need.to_text()})
            live = self.switchboard.calls[call]
            self.exchange.call(CallFact.ANSWERED, call, {"agent": live.agent, "n": live.offers, "wait_s": 1.0})
        for _ in range(_WAITING):
            self.exchange.call(CallFact.QUEUED, self.arrive(), {"queue": "general", "need": Need("general").to_text()})

    def arrive(self) -> CallId:
        self._calls += 1
        call = CallId(f"bench-{self._calls}")
        facts: dict[str, Value] = {"dialled": "12345", "direction": "in", "pii_caller": "", "city": "bench"}
        self.exchange.call(CallFact.ARRIVED, call, facts)
        self.switchboard.attach(call, self, time.time())
        return call

    def one_more(self) -> int:
        """A call that comes and hangs up in the menu; how many are decided then."""
        call = self.arrive()
        self.exchange.call(CallFact.ENDED, call, {"side": "caller", "place": "menu", "lost_at": "menu"})
        return self._calls - _WAITING

    def _on_durable(self, batch: Sequence[Milestone]) -> None:
        self.figures.heard(batch)
        self.pages.heard(batch)

    def web(self) -> tuple[web.Application, Sessions, People]:
        people = People(dict, lambda: {_USER: User(_USER, _USER, frozenset({Role.SUPERVISOR}), "")})
        keeper = MemoryExpiring(time.time)
        sessions = Sessions(keeper, time.time, people.stamp, lambda user: False, 3600.0)
        guard, trail = Guard(sessions, Tickets(sessions, time.time), secrets.token_urlsafe()), _NoTrail()
        accounts = AccountRoutes(guard, people, Throttle(keeper, time.time), self.exchange, trail, _no_password)
        app = web.Application(middlewares=[errors, access])
        app[GUARD], app[EXCHANGE], app[TRAIL] = guard, self.exchange, trail
        app.add_routes([*accounts.routes(), *self.pages.board.routes(), *site_routes()])
        return app, sessions, people


async def serve(folder: Path) -> None:
    """Until it is told to end."""
    city = City(folder)
    app, sessions, people = city.web()
    person = people.find(_USER)
    assert person is not None
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    running = [asyncio.create_task(job) for job in (city.journal.run(), *city.pages.jobs())]
    await city.figures.recall(_no_records, _at_once)
    await city.journal.durable()
    port = runner.addresses[0][1]
    _say({"port": port, "token": await sessions.begin(person)})
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := await orders.readline():
        match orjson.loads(line)["do"]:
            case "call":
                at = time.time()
                _say({"at": at, "calls": city.one_more()})
            case "cost":
                _say({"cpu_s": time.process_time(), "at": time.monotonic(), "rss_mb": _rss_mb()})
            case _:
                break
    for task in running:
        task.cancel()
    await runner.cleanup()


def _rss_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE / 2**20


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
    sys.stdout.buffer.flush()


async def _no_gaps(since: float, until: float) -> list[Gap]:
    return []


async def _nothing(_of: object) -> Rollup:
    return {}


async def _no_records(_since: float, _until: float) -> list[Any]:
    return []


async def _at_once() -> None:
    """There is nothing to wait for."""


async def _no_password(_user: str, _hash: str) -> None:
    raise AssertionError("viewers of this server come with a session: nobody changes a password")


def _never(_at: float) -> Any:
    raise AssertionError("the surge ladder is shown here, not climbed")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="yihu-bench-") as made:
        asyncio.run(serve(Path(made)))
