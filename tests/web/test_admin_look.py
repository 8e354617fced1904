"""Every section of the administrator's desk for everybody: axe finds nothing serious, nothing is cut off sideways."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from cti.settings import PROJECT
from tests.support.admin_desk import AdminHouse, AdminPage, admin_page
from tests.support.browser import settled

AXE = PROJECT / ".deps" / "web" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LIMIT_MS = 15_000
PLACES = {
    "people/a1001": ".group",
    "people?mode=text&doc=roster": ".gutter span",
    "people?view=history&doc=roster": ".entry",
    "skills": ".matrix td",
    "queues/enterprise": ".group",
    "rules/waiting": ".group",
    "rules/overflow": ".group",
    "rules/surge": ".ladder",
    "flows/city": ".node",
    "prompts/greeting": "audio",
    "words/key_words": ".word",
    "words/quality": ".said",
    "words/prefill%2Fmatters": ".word",
    "words/prefill%2Furgency": ".group",
    "words/prefill%2Fdepartments": ".word",
    "words/prefill%2Fthresholds": ".group",
    "words/quality?mode=text": ".gutter span",
    "numbers": ".group",
    "numbers/entry%2Ftax": ".group",
    "calendar/2026": ".day.holiday",
    "calendar/week": ".desk .body",
    "audit": ".audit-table",
}
"""Each with something that is there when it has been drawn"""
OWN_WORDS = """\
[matter."order.city.noise"]
sure = ["扫街机", "无人机"]
without = ["声音"]
[[department]]
matter = "order.city.noise"
words = ["无人机"]
department = "police"
[thresholds]
target = 0.7
"""


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[AdminHouse]:
    made = AdminHouse(tmp_path)
    made.settings.documents.mkdir()
    days = 'off_days = ["2026-01-07"]\nwork_days = ["2026-01-10"]\n'
    (made.settings.documents / "calendar.toml").write_text(days, encoding="utf-8")
    (made.settings.documents / "tickets").mkdir()
    (made.settings.documents / "tickets" / "prefill.toml").write_text(OWN_WORDS, encoding="utf-8")
    async with made.open() as opened:
        opened.daemon.audit.note("li", "published", "rules", {"version": 3, "why": "排队太久"})
        opened.daemon.audit.note("zhao", "refused", "PUT /api/config/{doc}/draft", {"code": "not_your_role"})
        yield opened


async def grave(page: Page, what: str) -> list[tuple[str, str, list[str]]]:
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text(encoding="utf-8"))
    await settled(page)
    found: list[dict[str, Any]] = await page.evaluate(
        "tags => axe.run({runOnly: tags, resultTypes: ['violations']}).then(found => found.violations.map("
        "one => ({id: one.id, impact: one.impact, nodes: one.nodes.map(node => node.html.slice(0, 160))})))",
        TAGS,
    )
    return [(what, one["id"], one["nodes"]) for one in found if one["impact"] in ("serious", "critical")]


async def shown(desk: AdminPage, place: str, lang: str) -> None:
    await desk.go(place, lang)
    await expect(desk.page.locator(PLACES[place]).first).to_be_visible(timeout=LIMIT_MS)


@pytest.mark.parametrize(("lang", "theme"), [("zh", "light"), ("en", "light"), ("zh", "dark")])
async def test_axe_finds_nothing_serious_in_any_section(
    house: AdminHouse, browser: Browser, lang: str, theme: str
) -> None:
    folder = os.environ.get("YIHU_SHOTS")
    async with admin_page(house, browser) as li:
        await li.page.add_init_script(f"localStorage.setItem('yihu.theme', '{theme}')")
        found = []
        for place in PLACES:
            await shown(li, place, lang)
            found += await grave(li.page, place)
            if folder:
                await li.page.screenshot(
                    path=Path(folder) / f"{place.translate(str.maketrans('/?=&%', '-----'))}.{lang}.{theme}.png"
                )
        assert found == []
        assert li.faults == []


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("width", [1440, 1280, 720])
async def test_no_section_is_wider_than_the_window(house: AdminHouse, browser: Browser, lang: str, width: int) -> None:
    """720 is a window of 1440 at twice its size."""
    async with admin_page(house, browser, width=width, height=900 if width > 1000 else 700) as li:
        for place in PLACES:
            await shown(li, place, lang)
            wide = await li.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert wide <= 0, place


async def test_the_whole_desk_is_reached_by_tab_and_the_focus_is_seen(house: AdminHouse, browser: Browser) -> None:
    async with admin_page(house, browser) as li:
        await shown(li, "rules/waiting", "zh")
        seen = []
        for _ in range(40):
            await li.page.keyboard.press("Tab")
            seen.append(
                await li.page.evaluate(
                    "(e => [e.dataset.key || e.className || e.tagName, getComputedStyle(e).outlineStyle])"
                    "(document.activeElement)"
                )
            )
        keys = [key for key, _ in seen]
        assert keys[0] == "skip"
        assert {"people", "audit", "item-waiting", "view-history", "mode-form-", "rules:waiting.kept_place_s"} <= {
            *keys
        }
        assert [key for key, outline in seen if outline == "none" and key not in ("BODY", "desk")] == []
