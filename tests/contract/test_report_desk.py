"""Reports by REST on a real database: the table with its definitions, its files, the calls behind a loss, a task."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from tests.support.report_house import ReportHouse

DAY = "2026-11-20"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[ReportHouse]:
    made = ReportHouse(tmp_path)
    async with made.open() as opened:
        for n in range(6):
            opened.answered(f"a{n}", f"{DAY} 09:0{n}")
        opened.lost("l1", f"{DAY} 09:10", number="13800138000")
        opened.lost("l2", f"{DAY} 10:40", number="13900139000", queue="enterprise")
        opened.lost("l3", f"{DAY} 10:50", queue="", number="")
        opened.lost("quick", f"{DAY} 11:00", queue="", number="13700137000", after_s=3.0)
        opened.answered("before", "2026-11-19 09:00")
        await opened.records.drained()
        yield opened


async def got(client: ClientSession, path: str, **query: str) -> Any:
    answer = await client.get(path, params=query)
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def test_a_report_has_every_definition_and_numerator_and_denominator(house: ReportHouse) -> None:
    async with house.client("zhao") as zhao:
        report = await got(zhao, f"/api/reports/{DAY}", by="queue", compare="before", rank="connection_rate")
    assert (report["by"]["zh"], report["period"], report["kind"]) == ("队列", DAY, "day")
    rate = report["columns"][0]
    assert (rate["code"], rate["zh"]) == ("connection_rate", "接通率")
    assert rate["formula"]["en"] == "answered by a person / all calls that arrived"
    rows = {row["label"]: row for row in report["rows"]}
    general = rows["general"]["rates"]["connection_rate"]
    assert (general["numerator"], general["denominator"], round(general["value"], 4)) == (6, 7, 0.8571)
    assert round(general["difference"]["before"], 2) == -14.29
    assert (rows["general"]["rank"], rows["general"]["lost"]) == (1, {"queue": 1})
    assert (rows[""]["zh"], rows[""]["lost"]) == ("未进入队列", {"menu": 2})
    assert report["total"]["lost"] == {"menu": 2, "queue": 2}
    assert report["total"]["rates"]["connection_rate"]["denominator"] == 10
    assert report["compared_with"][0]["zh"] == "较前一日"


@pytest.mark.parametrize(
    ("row", "place", "calls"),
    [
        (None, None, ["l1", "l2", "l3", "quick"]),
        ("general", None, ["l1"]),
        ("", None, ["l3", "quick"]),
        (None, "queue", ["l1", "l2"]),
        ("general", "menu", []),
    ],
)
async def test_from_a_figure_to_the_calls_behind_it(
    house: ReportHouse, row: str | None, place: str | None, calls: list[str]
) -> None:
    query = {key: value for key, value in (("row", row), ("place", place)) if value is not None}
    async with house.client("chen") as chen:
        found = await got(chen, f"/api/reports/{DAY}/losses", by="queue", **query)
    assert [one["call"] for one in found["losses"]] == calls
    assert found["more"] is False
    assert "13800138000" not in str(found)
    if "l1" in calls:
        assert found["losses"][0]["caller"] == "138****8000"


async def test_losses_come_in_pages(house: ReportHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cti.web.reports._MOST", 3)
    async with house.client("chen") as chen:
        first = await got(chen, f"/api/reports/{DAY}/losses")
        rest = await got(chen, f"/api/reports/{DAY}/losses", skip="3")
    assert ([len(part["losses"]) for part in (first, rest)], first["more"], rest["more"]) == ([3, 1], True, False)


async def test_a_click_makes_a_task_of_a_lost_call_once_also_after_a_restart(
    house: ReportHouse, tmp_path: Path
) -> None:
    async with house.client("chen") as chen:
        before = await got(chen, f"/api/reports/{DAY}/losses", place="menu")
        assert [one["task"] for one in before["losses"]] == [None, None]
        made = await chen.post("/api/callbacks", json={"call": "quick"})
        again = await chen.post("/api/callbacks", json={"call": "quick"})
        assert (made.status, again.status) == (201, 200)
        row = await made.json()
        assert (row["task"], row["number"], row["last_call"]) == ("quick", "137****7000", "quick")
        withheld = await chen.post("/api/callbacks", json={"call": "l3"})
        assert (withheld.status, (await withheld.json())["error"]) == (409, "withheld")
        answered = await chen.post("/api/callbacks", json={"call": "a1"})
        assert (answered.status, (await answered.json())["error"]) == (409, "not_lost")
        after = await got(chen, f"/api/reports/{DAY}/losses", place="menu")
        tasks = {one["call"]: one["task"] and one["task"]["state"] for one in after["losses"]}
        assert tasks == {"l3": None, "quick": "for_people"}, "nobody is dialled by these settings"
        assert await house.noted("callback_task_made") == [("chen", "quick")]
        await house.records.drained()
        closed = await chen.post("/api/callbacks/quick/close")
        assert (await closed.json())["state"] == "closed"
        assert (await chen.post("/api/callbacks", json={"call": "quick"})).status == 201, "somebody wants it anew"
        await house.records.drained()
        records = await house.daemon.archive.calls(0, 4e9)
        assert [(r.outcome, r.of) for r in records if not r.incoming] == [
            ("owed", "quick"),
            ("closed", "quick"),
            ("owed", "quick"),
        ]


async def test_a_task_by_hand_is_there_again_after_a_restart(tmp_path: Path) -> None:
    async with ReportHouse(tmp_path).open() as house, house.client("chen") as chen:
        house.lost("old", "2026-11-02 09:00", number="13700137000")
        await house.records.drained()
        assert (await chen.post("/api/callbacks", json={"call": "old"})).status == 201
    async with ReportHouse(tmp_path).open() as again, again.client("chen") as chen:
        (task,) = await got(chen, "/api/callbacks")
        assert (task["task"], task["state"], task["number"]) == ("old", "for_people", "137****7000")


async def test_files_are_downloaded_and_it_is_noted(house: ReportHouse) -> None:
    async with house.client("chen") as chen:
        answer = await chen.get(f"/api/reports/{DAY}.csv", params={"by": "queue", "lang": "en"})
        assert answer.headers["Content-Disposition"] == f'attachment; filename="yihu-dongguan-{DAY}-queue.csv"'
        table = list(csv.DictReader(io.StringIO((await answer.read()).decode("utf-8-sig"))))
        assert [row["Queue"] for row in table] == ["no queue", "enterprise services", "general", "Total"]
        book = await chen.get(f"/api/reports/{DAY}.xlsx", params={"by": "queue"})
        with zipfile.ZipFile(io.BytesIO(await book.read())) as sheets:
            assert "xl/worksheets/sheet3.xml" in sheets.namelist()
        assert (await chen.get(f"/api/reports/{DAY}.pdf")).status == 404
    assert await house.noted("report_downloaded") == [("chen", f"{DAY}-queue.xlsx"), ("chen", f"{DAY}-queue.csv")]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("2026-13", "bad_span"),
        ("0001-01-01", "bad_span"),
        (f"{DAY}?by=moon", "bad_by"),
        (f"{DAY}?by=agent&rank=connection_rate", "bad_rank"),
        (f"{DAY}?by=agent&statistics=12345", "no_statistics"),
        (f"{DAY}?compare=decade", "bad_compare"),
        ("2026-11?compare=week", "nothing_to_compare"),
        (f"{DAY}?lang=fr", "bad_lang"),
        (f"{DAY}/losses?place=none", "bad_place"),
        (f"{DAY}/losses?skip=-1", "bad_skip"),
    ],
)
async def test_what_makes_no_sense_is_refused_with_its_code(house: ReportHouse, path: str, code: str) -> None:
    async with house.client("chen") as chen:
        answer = await chen.get(f"/api/reports/{path}")
        assert (answer.status, (await answer.json())["error"]) == (400, code)


async def test_agents_may_not(house: ReportHouse) -> None:
    async with house.client("a1001") as agent:
        for path in (f"/api/reports/{DAY}", f"/api/reports/{DAY}.csv", f"/api/reports/{DAY}/losses"):
            assert (await agent.get(path)).status == 403
        assert (await agent.post("/api/callbacks", json={"call": "l1"})).status == 403
    async with house.client("zhao") as auditor:
        assert (await auditor.post("/api/callbacks", json={"call": "l1"})).status == 403
