"""A city's calls of some days on the daemon's own web and a real database: for its reports and its alerts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from cti.accounts.people import Role
from cti.calls import CallFact, CallId, Milestone, Value
from cti.daemon import Daemon
from cti.pair import Inheritance
from cti.secrets import load_or_create
from cti.settings import Alerts, Reports, load_settings
from cti.storage.journal import read
from cti.storage.kept import current
from cti.storage.records import Records
from cti.users_file import UsersFile
from tests.support.admin_desk import ROSTER, Deciding
from tests.support.waiting_async import eventually

ZONE = ZoneInfo("Asia/Shanghai")


class ReportHouse:
    """`chen` is a supervisor, `li` an administrator, `zhao` an auditor, a1001 an agent. Another one in the same folder
    goes on with what this one has left."""

    def __init__(self, folder: Path, alerts: Alerts | None = None, reports: Reports | None = None) -> None:
        file = folder / "yihu.toml"
        file.write_text('var = "var"\n', encoding="utf-8")
        self.settings = replace(load_settings(file), alerts=alerts or Alerts(), reports=reports or Reports())
        self.settings.run_dir.mkdir(parents=True, exist_ok=True)
        self.settings.roster.write_text(ROSTER, encoding="utf-8")
        users = UsersFile(self.settings.users)
        users.put("chen", name="陈静", roles=[Role.SUPERVISOR])
        users.put("li", name="李娜", roles=[Role.ADMINISTRATOR])
        users.put("zhao", name="赵婷", roles=[Role.AUDITOR])
        secrets = load_or_create(self.settings)
        left = current(read(self.settings.journal_dir)) if self.settings.journal_dir.exists() else []
        self.records = Records(self.settings)
        pair = Deciding(self.settings, secrets.pair, self.records.journal)
        self.daemon = Daemon(self.settings, secrets, self.records, pair, Inheritance(left, 1))
        self.url = ""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[ReportHouse]:
        daemon = self.daemon
        parts = (daemon.audit, daemon.callbacks, daemon.alerts, daemon.live_pages.board, daemon.reports)
        running = [asyncio.create_task(job) for job in (self.records.run(), *(part.run() for part in parts))]
        running.append(asyncio.create_task(daemon.tally.recall(daemon.archive.calls, daemon.drainer.drained)))
        async with TestServer(daemon.web_app()) as server:
            self.url = str(server.make_url("")).rstrip("/")
            await eventually(lambda: daemon.callbacks.owed() is not None, 5.0, "the tasks")
            try:
                yield self
            finally:
                daemon.exchange.stop()
                daemon.live_pages.board.close()
                daemon.reports.stop()
                await self.records.drained()
                for task in running:
                    task.cancel()
                await asyncio.gather(*running, return_exceptions=True)
                await self.records.journal.close()

    async def token(self, user: str) -> str:
        person = self.daemon.people.find(user)
        assert person is not None, user
        return await self.daemon.sessions.begin(person)

    @asynccontextmanager
    async def client(self, user: str) -> AsyncIterator[ClientSession]:
        """Of the REST API."""
        headers = {"Authorization": f"Bearer {await self.token(user)}"}
        async with ClientSession(self.url, headers=headers) as session:
            yield session

    def answered(self, name: str, when: str, *, queue: str = "general", number: str = "13900000000") -> CallId:
        """`when`: 2026-11-21 09:30, by the city's clock. After 14 s in the queue, and a talk of 60 s."""
        end: list[tuple[CallFact, float, dict[str, Value]]] = [
            (CallFact.OFFERED, 10, {"agent": "a1001", "n": 1, "why": "{}"}),
            (CallFact.ANSWERED, 24, {"agent": "a1001", "n": 1}),
            (CallFact.TALK_ENDED, 84, {"agent": "a1001", "side": "citizen", "talk_s": 60, "n": 1}),
            (CallFact.ENDED, 85, {"side": "caller", "place": "talk", "lost_at": None}),
        ]
        return self._call(name, when, queue, number, end)

    def lost(
        self, name: str, when: str, *, queue: str = "general", number: str = "13800138000", after_s: float = 40.0
    ) -> CallId:
        """In the queue, or if there is none in the menu."""
        place = "queue" if queue else "menu"
        ended = (CallFact.ENDED, after_s, {"side": "caller", "place": place, "lost_at": place})
        return self._call(name, when, queue, number, [ended])

    def _call(
        self, name: str, when: str, queue: str, number: str, end: list[tuple[CallFact, float, dict[str, Value]]]
    ) -> CallId:
        at = datetime.fromisoformat(when).replace(tzinfo=ZONE).timestamp()
        facts: list[tuple[CallFact, float, dict[str, Value]]] = [
            (CallFact.ARRIVED, 0, {
                "dialled": "12345", "pii_caller": number, "original": "", "city": "dongguan", "mode": "merged",
                "statistics": "12345", "medium": "voice", "sip_call_id": "", "flow": "city", "flow_version": "x",
                "channel": "PJSIP/trunk-1", "direction": "in",
            }),
            (CallFact.ENTERED, 1, {"node": "main_menu", "type": "menu", "session": ""}),
        ]  # fmt: skip
        if queue:
            facts.append(
                (CallFact.QUEUED, 2, {"queue": queue, "need": f"{queue}||+0", "kept_s": 0, "able": "", "rungs": ""})
            )
        for seq, (kind, after, data) in enumerate([*facts, *end], 1):
            self.records.journal.append(Milestone("call", name, seq, at + after, kind, data))
        return CallId(name)

    async def noted(self, what: str) -> list[tuple[str, str]]:
        """Who did it and on what, the newest first."""
        await self.daemon.audit.written()
        return [(entry.deed.who, entry.deed.on) for entry in await self.daemon.audit.read(None, 100, what=what)]
