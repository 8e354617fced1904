"""REST of the administrator's desk: drafts, conflicts, secrets, and who may do what."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from cti.accounts.people import Role
from cti.admin_desk import AdminDesk
from cti.calls import Milestone
from cti.city_days import DAYS, LiveCalendar, read_days
from cti.exchange import Exchange
from cti.metrics.record import CallRecord
from cti.numbers import NUMBERS, read_numbers
from cti.prompt_texts import PromptTexts
from cti.settings import load_settings
from cti.skills import SKILLS, read_skills
from cti.speech.prompt_files import PromptFiles
from cti.switchboard import Switchboard
from tests.support.accounts import Accounts

ROSTER = """\
[agent.a1001]
name = "李明"
skills = { general = 3 }    # since May
password_hash = "$argon2id$one"
phone = "13800138000"
"""


class Office:
    """The desk's routes behind the table of access; `li` and `wang` administer, `zhao` audits."""

    def __init__(self, folder: Path) -> None:
        file = folder / "yihu.toml"
        file.write_text('var = "var"\n', encoding="utf-8")
        self.settings = load_settings(file)
        self.settings.var.mkdir()
        self.settings.roster.write_text(ROSTER, encoding="utf-8")
        self.accounts = Accounts(Exchange(Switchboard(0.0), self, lambda: 1_000.0))
        self.accounts.add("li", Role.ADMINISTRATOR)
        self.accounts.add("wang", Role.ADMINISTRATOR)
        self.accounts.add("zhao", Role.AUDITOR)
        days = read_days(DAYS, "")

        async def calls(since: float, until: float) -> Sequence[CallRecord]:
            return []

        desk = AdminDesk(
            self.settings,
            PromptFiles(own=self.settings.documents / "sounds"),
            PromptTexts(self.settings.documents / "prompts"),
            LiveCalendar(lambda: days),
            lambda: read_numbers(NUMBERS, ""),
            lambda: read_skills(SKILLS, ""),
            dict,
            calls,
            self.accounts.trail,
            lambda: 1_000_000.0,
        )
        self.app = self.accounts.app(desk.routes())
        self.client: TestClient[web.Request, web.Application]

    def append(self, milestone: Milestone) -> None:
        """No call is made here."""

    async def ask(self, user: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        headers = await self.accounts.headers(user) | {"Content-Type": "application/json"}
        text = None if body is None else io.BytesIO(json.dumps(body).encode())  # bytes warn when they are many
        async with self.client.request(method, path, data=text, headers=headers) as answer:
            return answer.status, await answer.json()


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    made = Office(tmp_path)
    async with TestClient(TestServer(made.app)) as client:
        made.client = client
        yield made


async def test_a_change_by_key_is_a_draft_with_its_data_and_keeps_comments(office: Office) -> None:
    change = {"at": ["agent", "a1001", "skills", "video"], "value": 2}
    status, doc = await office.ask("li", "PATCH", "/api/config/roster/draft", {"base": 1, "changes": [change]})
    assert status == 200
    assert doc["draft"]["data"]["agent"]["a1001"]["skills"] == {"general": 3, "video": 2}
    assert "# since May" in doc["draft"]["text"]
    assert office.settings.roster.read_text(encoding="utf-8") == ROSTER
    _, others = await office.ask("wang", "GET", "/api/config/roster")
    assert (others["draft"], [one["who"] for one in others["drafts"]]) == (None, ["li"])


async def test_no_answer_holds_a_secret(office: Office) -> None:
    for path in ("/api/config/roster", "/api/config/roster/history/1", "/api/config/roster/diff?from=0&to=1"):
        _, answer = await office.ask("zhao", "GET", path)
        assert "argon2id" not in str(answer), path
        assert "13800138000" not in str(answer), path


async def test_a_new_password_is_told_once_and_its_hash_is_published(office: Office) -> None:
    status, doc = await office.ask("li", "POST", "/api/config/roster/password", {"base": 1, "id": "a1001"})
    assert status == 200
    assert len(doc["password"]) == 12
    assert doc["password"] not in str(await office.ask("li", "GET", "/api/config/roster"))
    await office.ask("li", "POST", "/api/config/roster/publish", {"base": 1, "why": "忘了密码"})
    text = office.settings.roster.read_text(encoding="utf-8")
    assert "$argon2id$v=19" in text
    assert "$argon2id$one" not in text
    assert "13800138000" in text


async def test_publishing_over_somebody_elses_version_is_refused_with_what_he_changed(office: Office) -> None:
    body = {"base": 0, "why": "春节", "text": 'off_days = ["2027-02-08"]\n'}
    assert (await office.ask("li", "POST", "/api/config/calendar/publish", body))[0] == 200
    status, answer = await office.ask(
        "wang", "POST", "/api/config/calendar/publish", {**body, "text": "work_days = []\n"}
    )
    assert (status, answer["error"], answer["version"]["who"]) == (409, "conflict", "li")
    assert any("2027-02-08" in line["text"] for line in answer["lines"] if line["kind"] == "+")
    assert ("li", "published", "calendar") in office.accounts.trail.noted


async def test_a_faulty_text_is_refused_with_its_problems(office: Office) -> None:
    body = {"base": 0, "why": "x", "text": 'off_days = ["never"]\n'}
    status, answer = await office.ask("li", "POST", "/api/config/calendar/publish", body)
    assert (status, answer["error"]) == (422, "faulty")
    assert answer["problems"][0]["line"] == 1


async def test_a_flow_has_a_picture_and_is_changed_as_text(office: Office) -> None:
    _, doc = await office.ask("li", "GET", "/api/config/flow.city")
    assert {"zero_menu", "general"} <= {node["name"] for node in doc["picture"]["nodes"]}
    change = {"base": 0, "changes": [{"at": ["flow"], "value": "x"}]}
    assert (await office.ask("li", "PATCH", "/api/config/flow.city/draft", change))[1]["error"] == "not_by_form"
    broken = doc["text"].replace("type: say", "type: saay", 1)
    _, drafted = await office.ask("li", "PUT", "/api/config/flow.city/draft", {"base": 0, "text": broken})
    faulty = [node["name"] for node in drafted["draft"]["picture"]["nodes"] if node["type"] == "faulty"]
    assert faulty == [problem["node"] for problem in drafted["draft"]["problems"]] == ["zero_menu"]


async def test_a_flow_that_is_not_published_is_walked(office: Office) -> None:
    _, doc = await office.ask("li", "GET", "/api/config/flow.city")
    text = doc["text"].replace('hours: "08:00-20:00"', 'hours: "11:00-20:00"')
    body = {"text": text, "at": "2026-11-23T10:00", "answers": [""]}
    status, walked = await office.ask("zhao", "POST", "/api/flows/city/walk", body)
    assert (status, walked["path"], walked["day"]) == (200, ["zero_menu", "notice_zero", "general"], "work")
    status, answer = await office.ask("li", "POST", "/api/flows/city/walk", {**body, "answers": ["failed"]})
    assert (status, answer["error"], answer["n"]) == (409, "no_answer", 0)


async def test_unknown_documents_versions_and_drafts_are_named(office: Office) -> None:
    for method, path, body in (
        ("GET", "/api/config/rooster", None),
        ("GET", "/api/config/flow...x", None),
        ("GET", "/api/config/roster/history/9", None),
        ("POST", "/api/config/rules/publish", {"base": 0, "why": "x"}),
        ("GET", "/api/config/rules/touched", None),
        ("POST", "/api/config/rules/merge", None),
    ):
        status, answer = await office.ask("li", method, path, body)
        assert status == 404, (path, answer)


async def test_a_draft_may_be_as_long_as_a_roster_of_a_whole_city(office: Office) -> None:
    text = ROSTER + "".join(f"\n[agent.b{n}]\nskills = {{ general = 1 }}\n" for n in range(1500))
    status, doc = await office.ask("li", "PUT", "/api/config/roster/draft", {"base": 1, "text": text})
    assert status == 200
    assert len(doc["draft"]["data"]["agent"]) == 1501
    assert (await office.ask("li", "PUT", "/api/config/roster/draft", {"base": 1, "text": "#" * 5_000_000}))[0] == 413


async def test_everybody_who_is_logged_in_gets_the_words(office: Office) -> None:
    _, words = await office.ask("zhao", "GET", "/api/words")
    assert words["skills"][0] == {"id": "general", "zh": "综合", "en": "general", "queue": True}
    assert [row["id"] for row in words["queues"]][:3] == ["general", "enterprise", "social_security"]


async def test_the_national_calendar_of_a_year(office: Office) -> None:
    _, year = await office.ask("li", "GET", "/api/calendar?year=2026")
    assert len(year["days"]) == 365
    assert year["days"][0] == "h"
    assert (await office.ask("li", "GET", "/api/calendar?year=x"))[0] == 400
