"""Reports as files: CSV that reads back as it was, XLSX with numbers as numbers, and nothing that becomes a formula."""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cti import report_files
from cti.metrics.gaps import Gap
from cti.metrics.losses import losses
from cti.metrics.spans import Span
from cti.metrics.table_sheets import (
    About,
    Column,
    Sheet,
    Value,
    definitions_sheet,
    losses_sheet,
    table_sheet,
)
from cti.metrics.tables import Table
from cti.metrics.tally import Grouping, Tally
from cti.metrics.words import Words
from cti.report_files import harmless, write_csv, write_xlsx
from tests.support.report_table import BERLIN, DAY, SHANGHAI, answered, at, lost, table

NINE = at("2026-11-21 09:00")
NOON = datetime(2026, 11, 21, 12, tzinfo=SHANGHAI)
CALLS = [
    answered(NINE, queue="enterprise"),
    answered(NINE + 1, queue="general"),
    lost(NINE + 2, queue="general"),
    lost(NINE + 3, "menu", queue=None),
]
ABOUT = About("东莞市", "Asia/Shanghai", NOON.timestamp(), open_calls=2)
ZH, EN = Words("zh", zone=SHANGHAI), Words("en", zone=SHANGHAI)
HOSTILE = ["=1+1", "+86138", "-2", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "－1", "＋1", "＠A1"]
X = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def stars(_: str) -> str:
    return "139****9000"


def read_csv(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


class Xlsx:
    """A workbook as a spreadsheet reads it: sheets by name, cells by place, how each looks."""

    def __init__(self, path: Path) -> None:
        self.archive = zipfile.ZipFile(path)
        book = self._xml("xl/workbook.xml")
        self.names = [str(sheet.get("name")) for sheet in book.iter(f"{X}sheet")]
        styles = self._xml("xl/styles.xml")
        custom = {f.get("numFmtId"): str(f.get("formatCode")) for f in styles.iter(f"{X}numFmt")}
        custom |= {"10": "0.00%", "3": "#,##0", "49": "@"}
        self._looks = [custom.get(xf.get("numFmtId"), "") for xf in next(styles.iter(f"{X}cellXfs"))]
        self._shared: list[str] = []
        if "xl/sharedStrings.xml" in self.archive.namelist():
            strings = self._xml("xl/sharedStrings.xml")
            self._shared = ["".join(t.text or "" for t in si.iter(f"{X}t")) for si in strings.iter(f"{X}si")]

    def sheet(self, name: str) -> ElementTree.Element:
        return self._xml(f"xl/worksheets/sheet{self.names.index(name) + 1}.xml")

    def rows(self, name: str) -> list[list[str | float]]:
        return [[self._value(cell) for cell in row] for row in self.sheet(name).iter(f"{X}row")]

    def look(self, name: str, place: str) -> str:
        cell = next(cell for cell in self.sheet(name).iter(f"{X}c") if cell.get("r") == place)
        return self._looks[int(cell.get("s") or 0)]

    def _value(self, cell: ElementTree.Element) -> str | float:
        assert cell.find(f"{X}f") is None, "a formula"
        if cell.get("t") == "inlineStr":
            return "".join(t.text or "" for t in cell.iter(f"{X}t")).replace("_x000D_", "\r")
        value = cell.find(f"{X}v")
        if value is None or value.text is None:
            return ""
        return self._shared[int(value.text)] if cell.get("t") == "s" else float(value.text)

    def _xml(self, name: str) -> ElementTree.Element:
        return ElementTree.fromstring(self.archive.read(name))


def test_a_table_reads_back_from_csv_with_titles_and_exact_numbers(tmp_path: Path) -> None:
    write_csv(tmp_path / "r.csv", table_sheet(table("queue", CALLS), ABOUT, ZH))
    head, *rows = read_csv(tmp_path / "r.csv")
    assert head[:3] == ["队列", "接通率（connection_rate）", "人工接通率（queue_answer_rate）"]
    by_name = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    assert list(by_name) == ["未进入队列", "企业服务", "综合", "合计"]
    rate = "接通率（connection_rate）"
    assert [float(row[rate]) for row in by_name.values()] == [0.0, 1.0, 0.5, 0.5]
    assert by_name["合计"]["人工接听（answered）"] == "2"
    assert by_name["合计"]["全部呼入（calls）"] == "4"
    assert float(by_name["综合"]["平均排队等待（asa）"]) == 14.0
    assert by_name["未进入队列"]["人工接通率（queue_answer_rate）"] == "无（分母为零）"


def test_csv_is_of_the_kind_that_spreadsheets_open(tmp_path: Path) -> None:
    sheet = Sheet("x", [Column("a"), Column("b")], [('Say "hi", now', "line\nline"), (None, -0.5)])
    write_csv(tmp_path / "r.csv", sheet)
    assert (tmp_path / "r.csv").read_bytes() == (b'\xef\xbb\xbfa,b\r\n"Say ""hi"", now","line\nline"\r\n,-0.5\r\n'), (
        "UTF-8 with its mark, lines end with CR LF, quotes are doubled; a number below zero stays one"
    )
    assert read_csv(tmp_path / "r.csv")[1] == ['Say "hi", now', "line\nline"]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_would_be_a_formula_is_made_harmless(text: str, tmp_path: Path) -> None:
    assert harmless(text) == f"'{text}"
    write_csv(tmp_path / "r.csv", Sheet("x", [Column("a")], [(text,)]))
    assert read_csv(tmp_path / "r.csv")[1] == [f"'{text}"]


@pytest.mark.parametrize("text", ["综合", "a1001", "139****9000", "2026-11-21", "", "–", "a=b", "'quoted"])
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


def test_a_queue_with_a_hostile_name_is_harmless_in_the_table(tmp_path: Path) -> None:
    named = Words("zh", zone=SHANGHAI, skills={"general": ("=HYPERLINK(1)", "")})
    sheet = table_sheet(table("queue", CALLS), ABOUT, named)
    write_csv(tmp_path / "r.csv", sheet)
    assert "'=HYPERLINK(1)" in [row[0] for row in read_csv(tmp_path / "r.csv")]


def test_a_file_that_cannot_be_finished_leaves_the_old_one_and_no_rest(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("old")

    def rows() -> Iterator[Sequence[Value]]:
        yield ("1",)
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError):
        write_csv(tmp_path / "r.csv", Sheet("x", [Column("a")], rows()))
    with pytest.raises(RuntimeError):
        write_xlsx(tmp_path / "r.xlsx", [Sheet("x", [Column("a")], rows())], NOON)
    assert [path.name for path in tmp_path.iterdir()] == ["r.csv"]
    assert (tmp_path / "r.csv").read_text() == "old"
    with pytest.raises(OSError, match="No such file"):
        write_xlsx(tmp_path / "no" / "r.xlsx", [Sheet("x", [Column("a")], [("1",)])], NOON)


def three_sheets(found: Table, words: Words) -> list[Sheet]:
    grouping = Grouping("queue", DAY.period(SHANGHAI), SHANGHAI)
    lost_ones = losses(CALLS, lambda call: grouping.has(call.arrived_at), {CALLS[2].call_id}, stars)
    return [definitions_sheet(found, ABOUT, words), table_sheet(found, ABOUT, words), losses_sheet(lost_ones, words)]


def test_xlsx_has_the_definitions_first_then_the_table_then_the_losses(tmp_path: Path) -> None:
    found = table("queue", CALLS)
    write_xlsx(tmp_path / "r.xlsx", three_sheets(found, ZH), NOON)
    book = Xlsx(tmp_path / "r.xlsx")
    assert book.names == ["口径", "报表", "呼损明细"]
    definitions = book.rows("口径")
    facts = {row[0]: row[1] for row in definitions if len(row) == 2}
    assert (facts["城市"], facts["统计时段"], facts["时区"]) == ("东莞市", "2026-11-21", "Asia/Shanghai")
    assert facts["尚未结束、未计入的呼入"] == 2.0
    assert facts["记录缺口"] == "未发现"
    rate = next(row for row in definitions if row[1:2] == ["connection_rate"])
    assert rate[:7] == [
        "接通率",
        "connection_rate",
        "人工接听 / 全部呼入",
        "answered by a person / all calls that arrived",
        "人工接听（answered）",
        "全部呼入（calls）",
        "百分比",
    ]
    assert [row[1] for row in definitions[-len(found.columns) :]] == [column.code for column in found.columns]


def test_xlsx_has_shares_times_and_counts_as_numbers_that_look_so(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "r.xlsx", three_sheets(table("queue", CALLS), ZH), NOON)
    book = Xlsx(tmp_path / "r.xlsx")
    head, *rows = book.rows("报表")
    assert rows[-1][:3] == ["合计", 0.5, pytest.approx(2 / 3)]
    assert book.look("报表", "B5") == "0.00%"
    asa, calls = (head.index(title) for title in ("平均排队等待（asa）", "全部呼入（calls）"))
    assert (rows[-1][asa], rows[-1][calls]) == (14.0, 4.0)
    assert (book.look("报表", f"{letter(asa)}5"), book.look("报表", f"{letter(calls)}5")) == ("0.0", "#,##0")
    assert rows[0][2] == "无（分母为零）"
    pane = next(book.sheet("报表").iter(f"{X}pane"))
    assert (pane.get("state"), pane.get("ySplit"), pane.get("xSplit")) == ("frozen", "1", "1")
    assert next(book.sheet("报表").iter(f"{X}col")).get("width") is not None
    assert next(book.sheet("报表").iter(f"{X}autoFilter")).get("ref", "").startswith("A1:")


def letter(n: int) -> str:
    return chr(65 + n) if n < 26 else f"{letter(n // 26 - 1)}{letter(n % 26)}"


def test_lost_calls_are_listed_with_masked_numbers_and_real_times(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "r.xlsx", three_sheets(table("queue", CALLS), EN), NOON)
    book = Xlsx(tmp_path / "r.xlsx")
    assert book.names == ["Definitions", "Report", "Lost calls"]
    _, waiting, menu = book.rows("Lost calls")
    assert waiting[1:8] == ["139****9000", "12333", "general", "waiting", 40.0, 34.0, "yes"]
    assert menu[1:8] == ["139****9000", "12333", "", "in the menu", 40.0, "", "no"]
    days = (datetime(2026, 11, 21, 9, 0, 2) - datetime(1899, 12, 30)).total_seconds() / 86_400  # noqa: DTZ001
    assert waiting[0] == pytest.approx(days)
    assert book.look("Lost calls", "A2") == "yyyy-mm-dd hh:mm:ss"
    whole = b"".join(book.archive.read(name) for name in book.archive.namelist())
    assert b"13900139000" not in whole


@pytest.mark.parametrize("text", HOSTILE)
def test_in_xlsx_every_text_is_a_text(text: str, tmp_path: Path) -> None:
    write_xlsx(tmp_path / "r.xlsx", [Sheet("x", [Column(text)], [(text,)], [("fact", text)])], NOON)
    assert [value for row in Xlsx(tmp_path / "r.xlsx").rows("x") for value in row].count(text) == 3


def test_a_gap_is_named_and_what_it_touches_says_so(tmp_path: Path) -> None:
    tally = Tally(Grouping("queue", DAY.period(SHANGHAI), SHANGHAI))
    for call in CALLS:
        tally.add(call)
    found = Table.of(DAY, tally, [Gap(NINE, NINE + 90)])
    write_xlsx(tmp_path / "r.xlsx", three_sheets(found, ZH), NOON)
    book = Xlsx(tmp_path / "r.xlsx")
    assert ["记录缺口", "2026-11-21 09:00:00 – 2026-11-21 09:01:30"] in book.rows("口径")
    assert book.rows("报表")[-1][1] == "未知（记录有缺口）"


def test_ranks_and_differences_stand_beside_the_values(tmp_path: Path) -> None:
    then = table("queue", [answered(NINE - 86_400, queue="general")], DAY.earlier("before") or DAY)
    found = table("queue", CALLS).compared({"before": then}).ranked("connection_rate")
    write_csv(tmp_path / "r.csv", table_sheet(found, ABOUT, ZH))
    head, *rows = read_csv(tmp_path / "r.csv")
    difference = head.index("接通率较前一日（百分点）")
    assert [(row[0], row[1], row[difference]) for row in rows] == [
        ("企业服务", "1", "无对应项"),
        ("综合", "2", "-50.0"),
        ("未进入队列", "3", "无对应项"),
        ("合计", "", "-50.0"),
    ]


def test_a_sheet_that_is_too_long_goes_on_in_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_files, "_ROWS_OF_A_SHEET", 4)
    rows = [(float(n),) for n in range(7)]
    write_xlsx(tmp_path / "r.xlsx", [Sheet("x", [Column("n", "count")], rows)], NOON)
    book = Xlsx(tmp_path / "r.xlsx")
    assert book.names == ["x", "x 2", "x 3"]
    assert [value for name in book.names for (value,) in book.rows(name) if value != "n"] == [
        float(n) for n in range(7)
    ]


def test_every_title_has_its_code_in_both_languages() -> None:
    for words in (ZH, EN):
        sheet = table_sheet(table("queue", CALLS), ABOUT, words)
        assert all(re.search(r"[（(][a-z0-9_]+[）)]$", column.title) for column in sheet.columns[1:])
        assert len({column.title for column in sheet.columns}) == len(sheet.columns)


def test_half_hours_are_said_as_people_read_them_and_the_repeated_one_apart() -> None:
    two = at("2026-10-25 02:00", BERLIN)
    found = table("half_hour", [answered(two)], Span("day", date(2026, 10, 25)), BERLIN)
    names = [row[0] for row in table_sheet(found, ABOUT, ZH).rows]
    assert names[:2] == ["2026-10-25 00:00", "2026-10-25 00:30"]
    assert names[4:8] == [
        "2026-10-25 02:00",
        "2026-10-25 02:30",
        "2026-10-25 02:00+01:00",
        "2026-10-25 02:30+01:00",
    ]
