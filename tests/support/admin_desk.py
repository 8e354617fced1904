"""The administrator's desk on the daemon's own web, with real files and a real database, and no more of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, BrowserContext, Page

from cti.accounts.people import Role
from cti.calls import CallFact, CallId, Milestone, Value
from cti.daemon import Daemon
from cti.pair import Inheritance, Pair
from cti.secrets import load_or_create
from cti.settings import Settings, load_settings
from cti.storage.records import Records
from cti.users_file import UsersFile
from cti.web.http import COOKIE
from tests.support.browser import faults_of

ROSTER = """\
# 座席名册
[agent.a1001]
name = "李明"
skills = { general = 3, enterprise = 2 }    # 2024 年起
password_hash = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA"
phone = "13800138000"

[agent.a1002]
name = "王伟"
skills = { general = 3, social_security = 4 }

[agent.a1003]
name = "张静怡"
skills = { general = 2, cantonese = 5, english = 3 }

[agent.a1004]
name = "Chen Xiaoyu"
skills = { general = 1, video = 4, sign = 3 }
"""


class Deciding(Pair):
    def may_decide(self) -> bool:
        return True


class AdminHouse:
    """`li` and `wang` are administrators, `zhao` an auditor; their roster and documents stand in `settings`."""

    def __init__(self, folder: Path) -> None:
        file = folder / "yihu.toml"
        file.write_text('var = "var"\n', encoding="utf-8")
        self.settings: Settings = load_settings(file)
        self.settings.run_dir.mkdir(parents=True)
        self.settings.roster.write_text(ROSTER, encoding="utf-8")
        users = UsersFile(self.settings.users)
        users.put("li", name="李娜", roles=[Role.ADMINISTRATOR])
        users.put("wang", name="王敏", roles=[Role.ADMINISTRATOR])
        users.put("zhao", name="赵婷", roles=[Role.AUDITOR])
        users.put("a1002", name="王伟", roles=[Role.SUPERVISOR])
        secrets = load_or_create(self.settings)
        self.records = Records(self.settings)
        pair = Deciding(self.settings, secrets.pair, self.records.journal)
        self.daemon = Daemon(self.settings, secrets, self.records, pair, Inheritance([], 1))
        self.url = ""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[AdminHouse]:
        daemon = self.daemon
        jobs = [
            self.records.run(),
            *daemon.files.watching(daemon._on_roster, daemon._on_users, daemon._on_rules, poll_s=0.1),
            daemon.audit.run(),
            daemon.admin_desk.run(),
            daemon.listening.words.run(),
        ]
        running = [asyncio.create_task(job) for job in jobs]
        async with TestServer(daemon.web_app()) as server:
            self.url = str(server.make_url("")).rstrip("/")
            try:
                yield self
            finally:
                daemon.exchange.stop()
                for task in running:
                    task.cancel()
                await asyncio.gather(*running, return_exceptions=True)

    async def token(self, user: str) -> str:
        person = self.daemon.people.find(user)
        assert person is not None, user
        return await self.daemon.sessions.begin(person)

    def yesterday(self, number: int, *, dialled: str = "12345", queue: str = "general", waited_s: float = 20.0) -> None:
        """A call of yesterday noon, answered by a1001, in the records."""
        zone = ZoneInfo(self.settings.city.timezone)
        noon = datetime.now(zone).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
        at, id_ = noon.timestamp() + number, CallId(f"old-{number}")
        facts: list[tuple[str, float, dict[str, Value]]] = [
            (CallFact.ARRIVED, 0, {
                "dialled": dialled, "pii_caller": "", "original": "", "city": "dongguan", "mode": "merged",
                "statistics": dialled, "medium": "voice", "sip_call_id": "", "flow": "city", "flow_version": "x",
                "channel": "PJSIP/trunk-1",
            }),
            (CallFact.ENTERED, 1, {"node": "short_menu", "type": "say", "session": ""}),
            (CallFact.ENTERED, 6, {"node": "main_menu", "type": "menu", "session": ""}),
            (CallFact.QUEUED, 10, {"queue": queue, "need": f"{queue}::0", "kept_s": 0, "able": "", "rungs": ""}),
            (CallFact.OFFERED, 10 + waited_s - 2, {"agent": "a1001", "n": 1, "why": "{}"}),
            (CallFact.ANSWERED, 10 + waited_s, {"agent": "a1001", "n": 1}),
            (CallFact.TALK_ENDED, 100, {"agent": "a1001", "side": "citizen", "talk_s": 60, "n": 1}),
            (CallFact.ENDED, 101, {"side": "caller", "place": "talk", "lost_at": None}),
        ]  # fmt: skip
        for seq, (kind, after, data) in enumerate(facts, 1):
            self.records.journal.append(Milestone("call", id_, seq, at + after, kind, data))


class AdminPage:
    """A browser of somebody who is logged in. `faults`: what the page complains about."""

    def __init__(self, house: AdminHouse, page: Page) -> None:
        self.house, self.page = house, page
        self.faults = faults_of(page)

    async def go(self, place: str, lang: str = "zh") -> None:
        await self.page.goto(f"{self.house.url}/admin?lang={lang}#{place}")
        await self.page.wait_for_selector(".tree a")

    def key(self, name: str) -> str:
        return f'[data-key="{name}"]'


@asynccontextmanager
async def admin_page(
    house: AdminHouse, browser: Browser, user: str = "li", width: int = 1440, height: int = 900
) -> AsyncIterator[AdminPage]:
    context: BrowserContext = await browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
    await context.add_cookies([{"name": COOKIE, "value": await house.token(user), "url": house.url}])
    try:
        yield AdminPage(house, await context.new_page())
    finally:
        await context.close()
