"""The documents of a city: read with every fault's line, and taken over while calls wait."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from agents.roster import Agent
from cti.calls import AgentFact, AgentId, CallFact, CallId, CityFact, Need
from cti.city_days import DAYS, LiveCalendar, read_days
from cti.metrics.words import SKILLS as SHIPPED_WORDS
from cti.metrics.words import Words
from cti.numbers import NUMBERS, read_numbers
from cti.rules import RULES, Rules, overflow_of, read_rules
from cti.settings import SettingsError, load_settings
from cti.skills import SKILLS, read_skills
from cti.switchboard import Switchboard
from cti.toml_file import TomlRefused
from cti.watched_file import WatchedFile
from queues.needs import Overflow
from tests.support.waiting_async import eventually

NOW = 1_000.0


def test_the_shipped_rules_are_the_defaults() -> None:
    assert read_rules(RULES, "") == Rules()
    assert read_rules("", "") == Rules()


def test_the_shipped_names_of_skills_are_those_of_the_explanations() -> None:
    assert read_skills(SKILLS, "").names() == SHIPPED_WORDS
    words = Words("zh", skills={"general": ("总台", "desk")})
    assert (words.skill("general"), words.skill("pets"), words.skill("fallback")) == ("总台", "pets", "应急")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "[[overflow]]\nqueue = 'a'\nto = 'b'\n\n[[overflow]]\nqueue = 'c'\nto = 'c'\n",
            "r:7: overflow.1.to: a queue's",
        ),
        ("[waiting]\nkept_place_s = -1\n", "r:2: waiting.kept_place_s: Input should be greater than or equal to 0"),
        ("[waiting]\nkept = 1\n", "r:2: waiting.kept: unknown key; known here: kept_place_s, last_agent_days"),
        (
            "[[surge.rungs]]\nrung = 'borrow'\non_wait_s = 5\noff_wait_s = 9\n",
            "r:4: surge.rungs.0.off_wait_s: must not",
        ),
        ("[[surge.rungs]]\nrungs = 'borrow'\n", "r:2: surge.rungs.0.rungs: unknown key; known here: rung, on_wait_s"),
        ("[waiting\n", "r:1: not valid TOML"),
        ("a = 1\nb = ", "r:2: not valid TOML"),
    ],
)
def test_a_fault_of_the_rules_has_its_line(text: str, fault: str) -> None:
    with pytest.raises(TomlRefused) as caught:
        read_rules(text, "r")
    assert any(found.startswith(fault) for found in caught.value.faults), caught.value.faults


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('off_days = ["2027-02-30"]\n', "c:1: off_days: '2027-02-30' is not a date"),
        (
            '\noff_days = ["2027-02-08"]\nwork_days = ["2027-02-08"]\n',
            "c:3: work_days: 2027-02-08 stands in off_days too",
        ),
    ],
)
def test_a_fault_of_the_calendar_has_its_line(text: str, fault: str) -> None:
    with pytest.raises(TomlRefused) as caught:
        read_days(text, "c")
    assert caught.value.faults[0].startswith(fault)


def test_two_skills_may_not_have_one_name() -> None:
    text = SKILLS.replace('zh = "视频"', 'zh = "综合"')
    with pytest.raises(TomlRefused, match="general is called 综合 already"):
        read_skills(text, "s")


def test_settings_say_where_a_key_has_gone(tmp_path: Path) -> None:
    file = tmp_path / "yihu.toml"
    file.write_text('var = "v"\n[[did]]\nnumber = "1"\n\n[city]\noff_days = []\n', encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings(file)
    assert sorted(str(caught.value).splitlines()) == [
        f"{file}:2: did: stands in documents/numbers.toml of `var` now: move it there",
        f"{file}:6: off_days: stands in documents/calendar.toml of `var` now: move it there",
    ]


def test_who_waits_already_is_served_by_the_new_overflow_rules() -> None:
    """Given a caller whom nobody idle may take, when a rule lends him an agent, then he is offered that one."""
    board = Switchboard(0.0)
    board.set_roster({AgentId("g"): Agent(AgentId("g"), "g", {"general": 3})})
    board.apply_agent(AgentFact.LOGGED_IN, AgentId("g"), NOW)
    board.apply_agent(AgentFact.STATUS, AgentId("g"), NOW, {"status": "ready"})
    call = CallId("c1")
    board.apply(CallFact.ARRIVED, call, NOW, {"channel": "x"})
    board.attach(call, object(), NOW)
    board.apply(CallFact.QUEUED, call, NOW, {"queue": "enterprise", "need": Need("enterprise").to_text()})
    assert board.tick(NOW + 20).wakes == ()
    board.take_overflow((Overflow("enterprise", "general", 10.0),))
    assert board.tick(NOW + 21).wakes == (call,)


def test_borrowing_goes_on_when_the_rules_change() -> None:
    board = Switchboard(0.0)
    board.set_roster({AgentId("g"): Agent(AgentId("g"), "g", {"general": 3})})
    board.apply_agent(AgentFact.LOGGED_IN, AgentId("g"), NOW)
    board.apply_agent(AgentFact.STATUS, AgentId("g"), NOW, {"status": "ready"})
    board.apply_city(CityFact.RUNG, "borrow", NOW, {"on": True})
    board.take_overflow(overflow_of(read_rules("[[overflow]]\nqueue = 'enterprise'\nto = 'general'\n", "")))
    call = CallId("c1")
    board.apply(CallFact.ARRIVED, call, NOW, {"channel": "x"})
    board.attach(call, object(), NOW)
    assert board.apply(
        CallFact.QUEUED, call, NOW, {"queue": "enterprise", "need": Need("enterprise").to_text()}
    ).wakes == (call,)


async def test_a_changed_file_is_taken_over_and_a_bad_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "calendar.toml"
    watched = WatchedFile(path, read_days, DAYS)
    calendar, monday = LiveCalendar(lambda: watched.current), date(2026, 11, 23)
    assert calendar.day(monday).kind == "work"
    watching = asyncio.create_task(watched.watch(poll_s=0.01))
    try:
        path.write_text('off_days = ["2026-11-23"]\n', encoding="utf-8")
        await eventually(lambda: calendar.day(monday).kind == "holiday", 5, "the new calendar")
        with capture_logs() as logged:
            path.write_text("off_days = [", encoding="utf-8")
            await eventually(lambda: "document_refused" in [line["event"] for line in logged], 5, "a refusal")
        assert calendar.day(monday).kind == "holiday"
    finally:
        watching.cancel()
    assert WatchedFile(path, read_days, DAYS).current.day(monday).kind == "holiday"  # at a restart too
    path.with_name(".calendar.toml.good").unlink()
    with pytest.raises(TomlRefused):
        WatchedFile(path, read_days, DAYS)


def test_a_call_to_an_unknown_number_is_treated_like_the_one_that_the_table_names() -> None:
    table = read_numbers(NUMBERS, "")
    assert table.find("12333").mode == "dual"
    assert table.find("999").number == "12345"
    assert table.entries()["city"] == {"social_security_line"}
