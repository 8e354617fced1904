"""Talks of yesterday noon with recordings, words and findings, on the daemon's own web and a real database."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page

from cti.accounts.people import Role
from cti.calls import CallFact, CallId, Milestone, Value
from cti.daemon import Daemon
from cti.pair import Inheritance
from cti.secrets import load_or_create
from cti.settings import Settings, load_settings
from cti.storage.records import Records
from cti.storage.sql import SqlStore
from cti.storage.sql_transcripts import SqlTranscripts
from cti.users_file import UsersFile
from cti.web.http import COOKIE
from recordings.spoken import LIVE, Line, Side, Spoken
from recordings.transcript import Word
from tests.support.admin_desk import ROSTER, Deciding
from tests.support.browser import faults_of

DIRECTORY = """
[entry.lighting]
kind = "expert"
zh = "路灯管理所"
en = "Street lighting office"
number = "076900000009"
"""
LETTER_S = 0.22
Said = tuple[tuple[float, Side, str], ...]
TALK: Said = (
    (0.6, "agent", "您好 一二三四五 热线 请 讲"),
    (4.4, "citizen", "你好 我 想 反映 一下 我们 小区 门口 那 条 路 的 路灯 坏 了 好 几 天 了"),
    (12.6, "agent", "请问 是 哪 条 路 哪个 小区 附近"),
    (17.0, "citizen", "云湖 街道 青禾 路 青禾 花园 东门 那 一 段 从 公交站 到 学校 门口 都 不 亮"),
    (26.0, "agent", "大概 从 什么 时候 开始 不 亮 的"),
    (30.0, "citizen", "上周三 晚上 开始 的 我家 孩子 上 完 晚自习 九点 多 回来 黑漆漆 的"),
    (38.2, "agent", "好的 请 留 一个 联系 电话"),
    (41.6, "citizen", "一三八 零零零零 一二三四"),
    (45.8, "agent", "记下 了 我们 马上 转给 市政 养护 处理"),
    (51.0, "citizen", "好的 谢谢"),
    (53.4, "agent", "不 客气 感谢 您的 来电 再见"),
)  # fmt: skip


RUDE: Said = (
    (0.6, "agent", "请 讲 什么 事"),
    *TALK[1:6],
    (39.0, "agent", "这个 不归我管 你 自己想办法"),
    (43.0, "citizen", "那 我 应该 找 谁 呢"),
    (47.0, "agent", "你 问问 街道 再见"),
)  # fmt: skip
OVER: Said = (
    *TALK[:2],
    (12.6, "agent", "您 先 听 我 说 这个 情况 我们 要 转给 市政 养护 处理 的"),
    (13.0, "citizen", "就是 云湖 街道 青禾 路 那 一 段 从 公交站 到 学校 门口 都 不 亮"),
    *TALK[4:],
)  # fmt: skip
FAST: Said = (
    (0.6, "agent", "您好 请 讲"),
    (5.0, "citizen", "社保 卡 怎么 补办"),
    (9.0, "agent", "您 带 身份证 到 就近 的 社保 服务 网点 或者 银行 网点 都 可以 办 也 可以 在 手机 上 办 不用 跑"),
    (17.0, "agent", "还有 什么 可以 帮 您 感谢 来电 再见"),
)  # fmt: skip
EXPERT: Said = (
    (1.0, "agent", "您好 我是 路灯 所 的"),
    (4.0, "citizen", "你好 青禾 路 的 路灯 不 亮"),
    (8.0, "agent", "今晚 就 派 人 去 修"),
)  # fmt: skip
LAST: Said = ((1.0, "agent", "那 就 这样 再见"),)


def line(start_s: float, side: Side, text: str, unsure: str = "") -> Line:
    """Words with blanks between them, spoken evenly."""
    at, words = start_s, []
    for word in text.split():
        until = at + LETTER_S * len(word)
        words.append(Word(word, round(at, 2), round(until, 2), 0.31 if word == unsure else 0.93))
        at = until + 0.02
    return Line(side, tuple(words))


def lines(talk: Sequence[tuple[float, Side, str]], unsure: str = "") -> tuple[Line, ...]:
    return tuple(line(*one, unsure) for one in talk)


def quick(said: tuple[float, Side, str]) -> Line:
    """Three times as fast."""
    start_s, side, text = said
    words = line(0, side, text).words
    return Line(side, tuple(replace(w, start_s=start_s + w.start_s / 3, end_s=start_s + w.end_s / 3) for w in words))


def _tone(channels: int, on_right: bool, frames: int) -> bytes:
    """333 Hz on one channel."""
    high, low, other = b"\x00\x14", b"\x00\xec", b"\0\0" * (channels - 1)
    one, two = (other + high, other + low) if on_right else (high + other, low + other)
    return ((one * 12 + two * 12) * (frames // 24 + 1))[: frames * 2 * channels]


@dataclass(frozen=True)
class Part:
    """One recording of a call; `said` None: it is not transcribed yet."""

    segment: str
    after_s: float
    seconds: float
    said: tuple[Line, ...] | None
    agent: str = "a1001"
    channels: int = 2
    there: bool = True


class RecordsHouse:
    """`chen` is a supervisor, `zhao` an auditor, a1001 to a1004 agents. `noon`: of yesterday, where the city is."""

    def __init__(self, folder: Path) -> None:
        file = folder / "yihu.toml"
        file.write_text('var = "var"\n', encoding="utf-8")
        self.settings: Settings = load_settings(file)
        self.settings.run_dir.mkdir(parents=True)
        self.settings.roster.write_text(ROSTER, encoding="utf-8")
        self.settings.documents.mkdir(parents=True, exist_ok=True)
        (self.settings.documents / "directory.toml").write_text(DIRECTORY, encoding="utf-8")
        users = UsersFile(self.settings.users)
        users.put("chen", name="陈敏", roles=[Role.SUPERVISOR])
        users.put("zhao", name="赵婷", roles=[Role.AUDITOR])
        zone = ZoneInfo(self.settings.city.timezone)
        self.noon = datetime.now(zone).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
        self.day = f"{self.noon:%Y-%m-%d}"
        secrets = load_or_create(self.settings)
        self.records = Records(self.settings)
        self.sql = SqlStore.open(self.settings.sql_url)
        pair = Deciding(self.settings, secrets.pair, self.records.journal)
        self.daemon = Daemon(self.settings, secrets, self.records, pair, Inheritance([], 1))
        self.url = ""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[RecordsHouse]:
        running = [asyncio.create_task(job) for job in (self.records.run(), self.daemon.audit.run())]
        async with TestServer(self.daemon.web_app()) as server:
            self.url = str(server.make_url("")).rstrip("/")
            try:
                yield self
            finally:
                self.daemon.exchange.stop()
                for task in running:
                    task.cancel()
                await asyncio.gather(*running, return_exceptions=True)

    async def token(self, user: str) -> str:
        person = self.daemon.people.find(user)
        assert person is not None, user
        return await self.daemon.sessions.begin(person)

    async def noted(self, what: str) -> list[tuple[str, str]]:
        """(who, on), the newest first."""
        await self.daemon.audit.written()
        return [(one.deed.who, one.deed.on) for one in await self.daemon.audit.read(None, 100, "", what)]

    def call(
        self, call_id: str, at_s: float, parts: Sequence[Part], *, live: tuple[Line, ...] = (), over: bool = True
    ) -> None:
        """One that came so long after noon."""
        began = self.noon.timestamp() + at_s
        self.sql.drain(list(self._milestones(call_id, began, parts, over)))
        store = SqlTranscripts(self.sql)
        for part in parts:
            file = f"{self.day}/{call_id}-{part.segment}.wav"
            if part.there:
                self._record(self.settings.recordings_dir / file, part)
            if part.said is not None:
                at = began + part.after_s
                spoken = Spoken(call_id, part.segment, "recording", file, at, part.seconds, "m", at + 99, part.said)
                store.put(spoken)
        if live:
            file = f"{self.day}/{call_id}-1.wav"
            store.put(Spoken(call_id, LIVE, "live", file, began, live[-1].end_s, "", began + 99, live))

    def _milestones(self, call_id: str, began: float, parts: Sequence[Part], over: bool) -> Iterator[Milestone]:
        facts: list[tuple[str, float, dict[str, Value]]] = [
            (CallFact.ARRIVED, 0, {
                "dialled": "12345", "pii_caller": "13800001234", "original": "", "city": "dongguan", "mode": "merged",
                "statistics": "12345", "medium": "voice", "sip_call_id": "", "flow": "city", "flow_version": "x",
                "channel": "PJSIP/trunk-1",
            }),
            (CallFact.QUEUED, 5, {"queue": "general", "need": "general::0", "kept_s": 0, "able": "", "rungs": ""}),
        ]  # fmt: skip
        last = 5.0
        for n, part in enumerate(parts, 1):
            last = part.after_s + part.seconds
            p = part.segment.removeprefix("p") if part.segment.startswith("p") else ""
            if p:
                asked: dict[str, Value] = {"p": p, "kind": "expert", "target": "lighting", "mode": "conference"}
                facts.append((CallFact.PARTY_ASKED, part.after_s - 2, asked))
                facts.append((CallFact.PARTY_JOINED, part.after_s, {"p": p, "mode": "conference"}))
                facts.append((CallFact.PARTY_LEFT, last, {"p": p, "talk_s": part.seconds}))
            else:
                agent: dict[str, Value] = {"agent": part.agent, "n": n}
                facts.append((CallFact.OFFERED, part.after_s - 2, {**agent, "why": "{}"}))
                facts.append((CallFact.ANSWERED, part.after_s, agent))
                facts.append((CallFact.TALK_ENDED, last, {**agent, "side": "citizen", "talk_s": part.seconds}))
            recorded: dict[str, Value] = {"segment": part.segment, "n": n, "complete": True, "talk_s": part.seconds}
            recorded |= {"file": f"{self.day}/{call_id}-{part.segment}.wav", "bytes": 44 + int(part.seconds * 32_000)}
            facts.append((CallFact.RECORDED, last + 0.5, recorded))
        if over:
            facts.append((CallFact.ENDED, last + 1, {"side": "caller", "place": "talk", "lost_at": None}))
        for seq, (kind, after, data) in enumerate(sorted(facts, key=lambda one: one[1]), 1):
            yield Milestone("call", CallId(call_id), seq, began + after, kind, data)

    @staticmethod
    def _record(path: Path, part: Part) -> None:
        """A tone while somebody speaks: the citizen left, the agent right."""
        path.parent.mkdir(parents=True, exist_ok=True)
        frame = 2 * part.channels
        sound = bytearray(int(part.seconds * 8000) * frame)
        for one in part.said or ():
            on_right = one.side == "agent" and part.channels == 2
            for word in one.words:
                start, end = (frame * min(int(at * 8000), len(sound) // frame) for at in (word.start_s, word.end_s))
                sound[start:end] = _tone(part.channels, on_right, (end - start) // frame)
        with wave.open(str(path), "wb") as wav:
            wav.setparams((part.channels, 2, 8000, 0, "NONE", ""))
            wav.writeframes(sound)

    def fill(self) -> None:
        """A day: talks with findings, one by mono, one of three parts, one that is gone, one not transcribed."""
        said = lines(TALK, unsure="黑漆漆")
        self.call("n1-lamp.1", 0, [Part("1", 20, 58, said)])
        self.call("n1-rude.2", -600, [Part("1", 15, 58, lines(RUDE), "a1002")])
        slow = [(at + (20 if at > 26 else 0), side, text) for at, side, text in TALK]
        self.call("n1-slow.3", -1500, [Part("1", 31, 78, lines(slow), "a1003")])
        self.call("n1-over.4", -2400, [Part("1", 12, 58, lines(OVER), "a1004")])
        self.call("n1-fast.5", -3300, [Part("1", 9, 26, (*lines(FAST[:2]), quick(FAST[2]), *lines(FAST[3:])), "a1002")])
        both = tuple(replace(one, side="both") for one in said)
        self.call("n1-mono.6", -4000, [Part("1", 20, 58, both, channels=1)])
        first, last = Part("1", 20, 40, lines(TALK[:6])), Part("3", 78, 10, lines(LAST), "a1002")
        parts = [first, Part("p1", 62, 12, lines(EXPERT)), last]
        self.call("n1-three.7", -5000, parts)
        self.call("n1-gone.8", -6000, [Part("1", 20, 58, None, there=False)])
        live = lines([(at + 20, side, text) for at, side, text in TALK])
        self.call("n1-new.9", -7000, [Part("1", 20, 58, None)], live=live)


class RecordsPage:
    """A browser of somebody who is logged in. `faults`: what the page complains about."""

    def __init__(self, house: RecordsHouse, page: Page) -> None:
        self.house, self.page = house, page
        self.faults = faults_of(page)

    async def go(self, place: str = "", lang: str = "zh") -> None:
        await self.page.goto(f"{self.house.url}/records?lang={lang}{place}")
        await self.page.wait_for_selector(".bar h1 span:not(:empty)", state="attached")

    async def at(self) -> float:
        """Seconds in the recording, as the slider says."""
        return float(await self.page.get_attribute(".track", "aria-valuenow") or -1)


@asynccontextmanager
async def records_page(
    house: RecordsHouse, browser: Browser, user: str = "chen", width: int = 1440, height: int = 900
) -> AsyncIterator[RecordsPage]:
    context = await browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
    await context.add_cookies([{"name": COOKIE, "value": await house.token(user), "url": house.url}])
    try:
        yield RecordsPage(house, await context.new_page())
    finally:
        await context.close()
