"""The administrator's desk in a real Chromium on the daemon's own web: drafted, published, live, rolled back."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, expect

from cti.calls import AgentId
from cti.key_words import KEY_WORDS, marks, read_key_words
from cti.storage.sql import SqlStore
from cti.storage.sql_transcripts import SqlTranscripts
from recordings.spoken import Line, Spoken
from recordings.transcript import Word
from tests.support.admin_desk import AdminHouse, AdminPage, admin_page
from tests.support.waiting_async import eventually

LIMIT_MS, LIMIT_S = 15_000, 15.0


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[AdminHouse]:
    async with AdminHouse(tmp_path).open() as opened:
        yield opened


@pytest_asyncio.fixture
async def li(house: AdminHouse, browser: Browser) -> AsyncIterator[AdminPage]:
    async with admin_page(house, browser) as opened:
        yield opened


async def publish(desk: AdminPage, why: str) -> None:
    await desk.page.click(desk.key("publish"))
    await desk.page.fill(desk.key("reason-publish"), why)
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator('.note[data-tone="ok"]')).to_contain_text("已发布", timeout=LIMIT_MS)


async def test_a_skill_set_by_key_is_published_with_its_reason_and_is_live(house: AdminHouse, li: AdminPage) -> None:
    """Given an agent without a skill, when a digit is pressed in the grid and published, then calls find him by it."""
    await li.go("skills")
    await li.page.click(li.key("a1002.enterprise"))
    await li.page.keyboard.press("4")
    await expect(li.page.locator(li.key("a1002.enterprise"))).to_have_text("4", timeout=LIMIT_MS)
    await expect(li.page.locator(li.key("a1002.enterprise"))).to_be_focused()
    assert "enterprise = 4" not in house.settings.roster.read_text(encoding="utf-8"), "a draft changes nothing"

    await publish(li, "企业服务培训完成")

    agents = house.daemon.exchange.board.desks
    await eventually(lambda: agents[AgentId("a1002")].agent.skills.get("enterprise") == 4, LIMIT_S, "the live skill")
    text = house.settings.roster.read_text(encoding="utf-8")
    assert "{ general = 3, social_security = 4, enterprise = 4 }" in text
    assert "# 2024 年起" in text
    assert "$argon2id$" in text
    await li.go("skills?view=history")
    await expect(li.page.locator(".entry").first).to_contain_text("企业服务培训完成", timeout=LIMIT_MS)
    await expect(li.page.locator(".diff .add")).to_contain_text("enterprise = 4")
    assert li.faults == []


async def test_what_it_would_have_touched_yesterday_is_counted_before_publishing(
    house: AdminHouse, li: AdminPage
) -> None:
    """Given calls of yesterday of which three waited long, when a rule for them is drafted, then it says three."""
    for n in range(5):
        house.yesterday(n, queue="enterprise", waited_s=120 if n < 3 else 20)
    await house.records.drained()
    await li.go("queues/enterprise")
    await li.page.click(li.key("add-overflow"))
    await expect(li.page.locator(".rule")).to_have_count(1, timeout=LIMIT_MS)

    await li.page.click(li.key("publish"))

    await expect(li.page.locator(".touched .figure")).to_have_text("昨天 5 个来电中，会影响 3 个。", timeout=LIMIT_MS)
    await expect(li.page.locator(".diff .add").nth(1)).to_contain_text('queue = "enterprise"')
    await li.page.fill(li.key("reason-publish"), "排队太久")
    await li.page.keyboard.press("Enter")
    await eventually(lambda: len(house.daemon.exchange.board.overflow) == 1, LIMIT_S, "the live rule")


async def test_a_bad_text_shows_its_line_and_cannot_be_published(house: AdminHouse, li: AdminPage) -> None:
    await li.go("numbers?mode=text&doc=numbers")
    code = li.page.locator(".code")
    await expect(code).not_to_have_value("", timeout=LIMIT_MS)
    text = await code.input_value()
    await code.fill(text.replace('flow = "city"', 'flow = "ctiy"', 1))

    problem = li.page.locator(".problem").first
    await expect(problem).to_contain_text("没有流程 ctiy", timeout=LIMIT_MS)
    line = 1 + text[: text.index('flow = "city"')].count("\n")
    await expect(problem.locator(".where")).to_have_text(f"第 {line} 行")
    await problem.click()
    chosen = await li.page.evaluate(
        "(c => c.value.slice(c.selectionStart, c.selectionEnd))(document.querySelector('.code'))"
    )
    assert chosen.startswith('flow = "ctiy"')
    await li.page.click(li.key("publish"))
    await expect(li.page.locator(".body.publish button[type=submit]")).to_be_disabled(timeout=LIMIT_MS)
    assert not (house.settings.documents / "numbers.toml").exists()


async def test_a_forbidden_phrase_counts_once_it_is_published_and_a_faulty_rule_never(
    house: AdminHouse, li: AdminPage, browser: Browser
) -> None:
    """Given a talk, when what its agent said is forbidden at the desk, then supervisors find it among the inspected."""
    house.yesterday(0)
    await house.records.drained()
    said = (Line("agent", (Word("这个我不晓得", 1.0, 3.0, 0.9),)), Line("citizen", (Word("哦", 3.0, 4.0, 0.9),)))
    began_at = time.time() - 86_400
    store = SqlStore(house.settings.sql_url)
    SqlTranscripts(store).put(Spoken("old-0", "1", "recording", "a.wav", began_at, 10.0, "m", began_at, said))
    store.close()
    file = house.settings.documents / "quality.toml"
    await li.go("words/quality?mode=text")
    code = li.page.locator(".code")
    await expect(code).not_to_have_value("", timeout=LIMIT_MS)
    text = await code.input_value()
    await code.fill(text.replace("silence_s = 15.0", "silence_s = 0"))

    problem = li.page.locator(".problem").first
    await expect(problem).to_contain_text("silence_s：应大于 0", timeout=LIMIT_MS)
    line = 1 + text[: text.index("silence_s")].count("\n")
    await expect(problem.locator(".where")).to_have_text(f"第 {line} 行")
    await li.page.click(li.key("publish"))
    await expect(li.page.locator(".body.publish button[type=submit]")).to_be_disabled(timeout=LIMIT_MS)
    assert not file.exists()

    await li.go("words/quality")
    await li.page.fill(li.key("quality:silence_s"), "12")
    await li.page.fill(li.key("quality:forbidden+"), "我不晓得、随便你")
    await li.page.keyboard.press("Enter")
    await expect(li.page.locator(".chips.risk .word", has_text="我不晓得")).to_have_count(1, timeout=LIMIT_MS)
    await expect(li.page.locator(li.key("quality:forbidden+"))).to_be_focused()
    await expect(li.page.locator(".chips.risk .word", has_text="随便你")).to_have_count(1)  # it was there already
    await publish(li, "培训后新增忌语")

    rules = house.daemon.listening.words.quality_rules
    await eventually(lambda: "我不晓得" in rules.current.forbidden, LIMIT_S, "the new rules in use")
    written = file.read_text(encoding="utf-8")
    assert "# What an agent must not say." in written
    assert "silence_s = 12                # nobody speaks for so long" in written
    async with admin_page(house, browser, "a1002") as supervisor:
        asked = f"{house.url}/api/quality?from={began_at - 60}&until={began_at + 60}"
        (talk,) = (await (await supervisor.page.request.get(asked)).json())["talks"]
    assert ("forbidden", "我不晓得") in [(one["kind"], one["what"]) for one in talk["findings"]]
    # Of a faulty draft nobody can say what it would have touched, and Chromium notes every such answer.
    assert [fault for fault in li.faults if "422" not in fault] == []


async def test_a_key_word_is_taken_out_and_another_put_in_by_key(house: AdminHouse, li: AdminPage) -> None:
    await li.go("words/key_words")
    words = li.page.locator('[data-key^="key_words:words.secret#"]')
    await expect(words).to_have_count(len(read_key_words(KEY_WORDS, "").words["secret"]), timeout=LIMIT_MS)
    await li.page.focus(li.key("key_words:words.secret+"))
    await li.page.keyboard.press("ArrowLeft")
    await li.page.keyboard.press("Enter")
    await expect(words).to_have_count(3, timeout=LIMIT_MS)
    await li.page.fill(li.key("key_words:words.secret+"), "别说出去")
    await li.page.keyboard.press("Enter")
    await expect(words).to_have_count(4, timeout=LIMIT_MS)
    await li.page.fill(li.key("key_words:words.secret+"), "匿名")
    await li.page.keyboard.press("Enter")
    await expect(li.page.locator('.note[data-tone="warn"]')).to_have_text("“匿名”已在这里。", timeout=LIMIT_MS)
    await publish(li, "市民常这样说")

    current = house.daemon.listening.words.key_words
    await eventually(lambda: "别说出去" in current.current.words["secret"], LIMIT_S, "the new key words in use")
    assert marks("千万别说出去", current.current) == [{"from": 2, "to": 6, "kind": "secret"}]
    assert marks("不留名", current.current) == []
    assert "  " + '"着火", "起火"' in (house.settings.documents / "key_words.toml").read_text(encoding="utf-8")


async def test_words_by_which_drafts_are_filled_are_put_together_from_the_codes_of_the_form(
    house: AdminHouse, li: AdminPage
) -> None:
    await li.go("words/prefill%2Fmatters")
    await li.page.select_option(li.key("add-matter"), "order.city.noise")
    await li.page.fill(li.key("prefill:matter.order.city.noise.sure+"), "扫街机")
    await li.page.keyboard.press("Enter")
    await expect(li.page.locator(".word", has_text="扫街机")).to_have_count(1, timeout=LIMIT_MS)
    await li.go("words/prefill%2Fdepartments")
    await li.page.select_option(li.key("add-department"), "order.city.noise")
    await li.page.select_option(li.key("prefill:department.0.department"), "police")
    await expect(li.page.locator(".chip.draft")).to_be_visible(timeout=LIMIT_MS)
    await publish(li, "新设备")

    await eventually(
        lambda: house.daemon.listening.words.prefill.city().rules.matter["order.city.noise"].own == ("扫街机",),
        LIMIT_S,
        "the new words in use",
    )
    first = house.daemon.listening.words.prefill.city().rules.department[0]
    assert (first.matter, first.department) == ("order.city.noise", "police")


async def test_words_that_cannot_be_used_hold_up_no_start(tmp_path: Path) -> None:
    """Given faulty files from the beginning, when the daemon is made, then the shipped ones count."""
    documents = tmp_path / "var" / "documents"
    documents.mkdir(parents=True)
    for name in ("key_words.toml", "quality.toml"):
        (documents / name).write_text("nonsense = 1\n", encoding="utf-8")
    words = AdminHouse(tmp_path).daemon.listening.words
    assert words.key_words.current == read_key_words(KEY_WORDS, "")
    assert words.quality_rules.current.forbidden


async def test_what_was_typed_is_on_the_server_within_a_second_and_survives_a_reload(
    house: AdminHouse, li: AdminPage
) -> None:
    await li.go("rules?mode=text")
    code = li.page.locator(".code")
    await expect(code).not_to_have_value("", timeout=LIMIT_MS)
    await code.focus()
    await li.page.keyboard.press("Control+End")
    await li.page.keyboard.type("# 国庆前检查")
    draft = house.settings.documents / "history" / "drafts" / "rules" / "li.draft"
    await eventually(lambda: draft.exists() and "国庆前检查" in draft.read_text(encoding="utf-8"), 3.0, "the draft")
    await li.page.reload()
    await expect(li.page.locator(".code")).to_have_value(re.compile("国庆前检查"), timeout=LIMIT_MS)


async def test_a_roll_back_needs_a_reason_and_brings_the_old_text_back(house: AdminHouse, li: AdminPage) -> None:
    await li.go("calendar")
    await li.page.click(li.key(f"day-{_year()}-03-04"))
    await publish(li, "本市纪念日")
    file = house.settings.documents / "calendar.toml"
    assert f"{_year()}-03-04" in file.read_text(encoding="utf-8")

    await li.go("calendar?view=history&doc=calendar")
    await li.page.click(li.key("version-0"))
    await li.page.click(".old button[type=submit]")
    await expect(li.page.locator('.note[data-tone="warn"]')).to_have_text("请写明原因。", timeout=LIMIT_MS)
    await li.page.fill(li.key("reason-roll-calendar"), "登错了日期")
    await li.page.click(".old button[type=submit]")

    await expect(li.page.locator('.note[data-tone="ok"]')).to_contain_text("已回退", timeout=LIMIT_MS)
    assert f"{_year()}-03-04" not in file.read_text(encoding="utf-8")
    await expect(li.page.locator(".entry").first).to_contain_text("登错了日期", timeout=LIMIT_MS)


async def test_of_two_administrators_the_second_is_told_merges_and_nothing_is_lost(
    house: AdminHouse, li: AdminPage, browser: Browser
) -> None:
    """Given two drafts of one version, when the first is published, then the second is behind until it is merged."""
    async with admin_page(house, browser, "wang") as wang:
        for desk, cell, key in ((li, "a1002.video", "2"), (wang, "a1003.enterprise", "3")):
            await desk.go("skills")
            await desk.page.click(desk.key(cell))
            await desk.page.keyboard.press(key)
            await expect(desk.page.locator(desk.key(cell))).to_have_text(key, timeout=LIMIT_MS)
        await publish(wang, "张静怡转企业服务")

        banner = li.page.locator(".banner .alert")
        await expect(banner).to_contain_text("wang 已发布 座席名册 v2", timeout=20_000)
        await expect(li.page.locator(li.key("a1002.video"))).to_be_focused()  # what the server says moves no focus
        await li.page.click(li.key("publish"))
        await expect(li.page.locator(".body.publish button[type=submit]")).to_be_disabled(timeout=LIMIT_MS)
        await li.page.click(li.key("merge-roster"))
        await expect(banner).to_have_count(0, timeout=LIMIT_MS)
        await li.page.fill(li.key("reason-publish"), "王伟加视频")
        await li.page.keyboard.press("Enter")
        await expect(li.page.locator('.note[data-tone="ok"]')).to_contain_text("v3", timeout=LIMIT_MS)

    text = house.settings.roster.read_text(encoding="utf-8")
    assert "social_security = 4, video = 2 }" in text
    assert "english = 3, enterprise = 3 }" in text


async def test_a_file_changed_by_hand_is_a_version_and_the_draft_is_behind(house: AdminHouse, li: AdminPage) -> None:
    await li.go("people/a1001")
    await li.page.fill(li.key("roster:agent.a1001.name"), "李明辉")
    await li.page.keyboard.press("Tab")
    await expect(li.page.locator(".chip.draft")).to_be_visible(timeout=LIMIT_MS)
    text = house.settings.roster.read_text(encoding="utf-8")
    house.settings.roster.write_text(text.replace("王伟", "王大伟"), encoding="utf-8")
    await expect(li.page.locator(".banner .alert")).to_contain_text("改文件或命令行 已发布 座席名册 v2", timeout=20_000)


async def test_a_new_password_is_shown_once_and_logs_in_once_published(house: AdminHouse, li: AdminPage) -> None:
    await li.go("people/a1003")
    await li.page.click(li.key("password-login"))
    password = await li.page.locator(".secret").inner_text(timeout=LIMIT_MS)
    await publish(li, "入职")
    await eventually(
        lambda: house.daemon.exchange.board.desks[AgentId("a1003")].agent.password_hash, LIMIT_S, "the live password"
    )
    answer = await li.page.request.post(f"{house.url}/api/login", data={"user": "a1003", "password": password})
    assert answer.status == 200, await answer.text()
    text = (house.settings.documents / "history" / "roster" / "000002.version").read_text(encoding="utf-8")
    assert password not in text


async def test_removing_somebody_needs_his_id_typed(house: AdminHouse, li: AdminPage) -> None:
    await li.go("people/a1004")
    button = li.page.locator(".danger .button")
    await li.page.fill(li.key("remove-a1004"), "a1003")
    await expect(button).to_be_disabled()
    await li.page.fill(li.key("remove-a1004"), "a1004")
    await button.click()
    await expect(li.page.locator(li.key("item-a1004"))).to_have_count(0, timeout=LIMIT_MS)
    await publish(li, "离职")
    await eventually(lambda: AgentId("a1004") not in house.daemon.exchange.board.desks, LIMIT_S, "his desk gone")


async def test_an_auditor_sees_everything_and_changes_nothing(house: AdminHouse, browser: Browser) -> None:
    async with admin_page(house, browser, "zhao") as zhao:
        await zhao.go("people/a1001")
        await expect(zhao.page.locator(zhao.key("roster:agent.a1001.name"))).to_be_disabled(timeout=LIMIT_MS)
        await expect(zhao.page.locator(".foot")).to_be_hidden()
        await expect(zhao.page.locator(".list .new")).to_be_empty()
        await zhao.go("rules?mode=text")
        await expect(zhao.page.locator(".code")).to_have_js_property("readOnly", True, timeout=LIMIT_MS)
        await zhao.go("audit")
        await expect(zhao.page.locator(".desk h2")).to_have_text("审计")
        assert zhao.faults == []


async def test_who_may_not_be_here_is_sent_to_the_log_in(house: AdminHouse, browser: Browser) -> None:
    async with admin_page(house, browser, "a1002") as agent:
        await agent.page.goto(f"{house.url}/admin")
        await agent.page.wait_for_url("**/login**", timeout=LIMIT_MS)


async def test_keys_search_save_and_leave(house: AdminHouse, li: AdminPage) -> None:
    await li.go("prompts")
    await li.page.keyboard.press("/")
    await expect(li.page.locator(".list .top .field")).to_be_focused()
    await li.page.keyboard.type("survey_ask")
    await expect(li.page.locator(".list .items li")).to_have_count(2, timeout=LIMIT_MS)
    await li.go("queues/general")
    await li.page.fill(li.key("skills:skill.general.zh"), "总台")
    await li.page.keyboard.press("Control+s")
    await expect(li.page.locator('.note[data-tone="ok"]')).to_have_text("草稿已保存。", timeout=LIMIT_MS)
    await expect(li.page.locator(li.key("skills:skill.general.zh"))).to_be_focused()
    await publish(li, "改名")
    await eventually(lambda: house.daemon.files.skills.current.skill["general"].zh == "总台", LIMIT_S, "the new name")
    names = await (await li.page.request.get(f"{house.url}/api/words")).json()
    assert names["skills"][0] == {"id": "general", "zh": "总台", "en": "general", "queue": True}


def _year() -> int:
    return datetime.now().astimezone().year
