"""A report as the sheets of a file: its definitions first, then the table, then the calls that were lost. Pure.

Numbers are numbers here and times are times; how they look is the file's. What is not known is a text, with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from cti.metrics.definitions import WORDS, Definition
from cti.metrics.figures import LOSS_PLACES, LOSS_PLACES_EN
from cti.metrics.losses import Loss
from cti.metrics.table_words import (
    BY,
    MISSING,
    SOURCES,
    against,
    between,
    local,
    rank_name,
    row_name,
    said,
    total_name,
)
from cti.metrics.tables import Row, Table, figure
from cti.metrics.words import Words

Kind = Literal["text", "count", "share", "points", "seconds", "time"]
"""points: percentage points. time: local, of the city."""
Value = str | int | float | datetime | None
_ROW_WIDTH = 22
_TEXT_WIDTH = 16
_NUMBER_WIDTH = 13


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    kind: Kind = "text"
    width: int = _TEXT_WIDTH
    """In characters."""


@dataclass(frozen=True, slots=True)
class Sheet:
    name: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Value]]
    """May be read once only, as far as memory goes."""
    facts: Sequence[tuple[str, Value]] = ()
    """Above the table."""


@dataclass(frozen=True, slots=True)
class About:
    """What a report says of itself beside its table."""

    city: str
    timezone: str
    made_at: float
    open_calls: int
    """Calls that arrived in its time and have not ended: in none of its figures."""
    statistics: str | None = None
    """The key of the numbers whose calls it is of; None: all."""
    shifts: Mapping[str, str] = field(default_factory=dict)
    """Names of shifts by id."""


def definitions_sheet(table: Table, about: About, words: Words) -> Sheet:
    """What every number of the file means, what it is of, and what is not in it."""
    columns = [
        Column(said(words, ("名称", "Name")), width=30),
        Column(said(words, ("代码", "Code")), width=26),
        Column("公式", width=44),
        Column("Formula", width=60),
        Column(said(words, ("分子", "Numerator")), width=34),
        Column(said(words, ("分母", "Denominator")), width=34),
        Column(said(words, ("单位", "Unit")), width=10),
        Column(said(words, ("来源", "Source")), width=24),
        Column(said(words, ("说明", "Remarks")), width=60),
    ]
    rows = [_definition(words, column) for column in table.columns]
    return Sheet(said(words, ("口径", "Definitions")), columns, rows, list(_facts(table, about, words)))


def table_sheet(table: Table, about: About, words: Words) -> Sheet:
    """Each metric; then its difference to earlier periods; then every numerator and denominator, each once."""
    columns = [Column(said(words, BY[table.by]), width=_ROW_WIDTH)]
    if table.ranked_by:
        columns.append(Column(said(words, ("排名", "Rank")), width=8))
    columns += [
        Column(_titled(words, c), "share" if c.unit == "share" else "seconds", _NUMBER_WIDTH) for c in table.columns
    ]
    for earlier in table.earlier:
        compared = against(words, table.span, earlier)
        for c in table.columns:
            unit = said(words, ("百分点", "percentage points")) if c.unit == "share" else said(words, ("秒", "s"))
            kind: Kind = "points" if c.unit == "share" else "seconds"
            gap = "" if words.zh else " "
            columns.append(Column(_with(words, f"{_title(words, c)}{gap}{compared}", unit), kind, _NUMBER_WIDTH))
    for code in table.figures:
        kind = "seconds" if code.endswith("_ms") else "count"
        columns.append(Column(_counted(words, code), kind, _NUMBER_WIDTH))

    def values(row: Row, name: str) -> Iterator[Value]:
        yield name
        if table.ranked_by:
            yield "" if row is table.total else rank_name(words, row)
        for c in table.columns:
            found = row.rates[c.code]
            yield said(words, MISSING[found.unknown]) if found.unknown else found.value
        for earlier in table.earlier:
            for c in table.columns:
                difference = row.difference(c.code, earlier)
                yield said(words, MISSING[difference]) if isinstance(difference, str) else difference
        for code in table.figures:
            yield figure(code, row)

    rows = [tuple(values(row, row_name(words, table.by, row, about.shifts))) for row in table.rows]
    rows.append(tuple(values(table.total, total_name(words))))
    return Sheet(said(words, ("报表", "Report")), columns, rows)


def losses_sheet(losses: Iterable[Loss], words: Words) -> Sheet:
    """One row a call."""
    columns = [
        Column(said(words, ("呼入时间", "Arrived")), "time", 20),
        Column(said(words, ("主叫号码（已脱敏）", "Caller (masked)"))),
        Column(said(words, BY["number"])),
        Column(said(words, BY["queue"])),
        Column(said(words, ("呼损位置", "Where lost")), width=24),
        Column(said(words, ("自呼入等待", "Waited since arrival")), "seconds", _NUMBER_WIDTH),
        Column(said(words, ("排队等待", "Waited in the queue")), "seconds", _NUMBER_WIDTH),
        Column(said(words, ("回拨任务", "Callback task"))),
        Column(said(words, ("呼叫编号", "Call")), width=30),
    ]
    rows = (
        (
            local(words, loss.arrived_at),
            loss.caller or said(words, ("未显示", "withheld")),
            loss.number,
            words.skill(loss.queue) if loss.queue else "",
            said(words, (LOSS_PLACES[loss.place], LOSS_PLACES_EN[loss.place])),
            loss.wait_total_s,
            loss.wait_queue_s,
            said(words, ("有", "yes") if loss.callback_task else ("无", "no")),
            str(loss.call_id),
        )
        for loss in losses
    )
    return Sheet(said(words, ("呼损明细", "Lost calls")), columns, rows)


def _facts(table: Table, about: About, words: Words) -> Iterator[tuple[str, Value]]:
    sums = table.total.sums
    yield said(words, ("城市", "City")), about.city
    yield said(words, ("统计时段", "Period")), table.span.label
    yield said(words, ("起（含）", "From")), local(words, table.reach.since)
    yield said(words, ("止（不含）", "Before")), local(words, table.reach.until)
    yield said(words, ("时区", "Time zone")), about.timezone
    yield said(words, ("分组", "By")), said(words, BY[table.by])
    if about.statistics is not None:
        yield said(words, ("仅统计号码", "Only the number")), about.statistics
    for earlier, span in table.earlier.items():
        yield against(words, table.span, earlier), span.label
    if table.ranked_by:
        ranked = next(c for c in table.columns if c.code == table.ranked_by)
        yield said(words, ("排名依据", "Ranked by")), _titled(words, ranked)
    yield said(words, ("生成时间", "Made at")), local(words, about.made_at)
    yield said(words, ("尚未结束、未计入的呼入", "Calls not over, in no figure")), about.open_calls
    yield said(words, ("有时刻为估计的呼入", "Calls with an estimated moment")), sums["estimated"]
    yield said(words, ("记录不完整的呼入", "Calls with missing milestones")), sums["incomplete"]
    for gap in table.gaps:
        yield said(words, ("记录缺口", "Gap in the records")), between(words, gap)
    if not table.gaps:
        yield said(words, ("记录缺口", "Gaps in the records")), said(words, ("未发现", "none known"))
    yield (
        said(words, ("合计", "Total")),
        said(
            words, ("由全部呼入的分子、分母重新计算，不是各行的平均", "from all calls' sums, not the mean of the rows")
        ),
    )
    if table.by == "shift":
        yield (
            said(words, BY["shift"]),
            said(
                words,
                (
                    "班次计入其开始之日，跨零点的整班计入；班次重叠时同一呼入计入各班，合计只计一次",
                    "a shift counts whole on the day it begins; a call in two shifts counts in both, in the total once",
                ),
            ),
        )
    if table.by == "agent":
        yield (
            said(words, BY["agent"]),
            said(words, ("呼入计入最后接听的座席", "a call counts for the agent who had it last")),
        )


def _definition(words: Words, column: Definition) -> tuple[Value, ...]:
    return (
        _title(words, column),
        column.code,
        column.formula_zh,
        column.formula,
        _side(words, column.numerator),
        _side(words, column.denominator),
        said(words, ("百分比", "share") if column.unit == "share" else ("秒", "s")),
        said(words, SOURCES[column.source]),
        said(words, column.remark),
    )


def _side(words: Words, codes: Iterable[str]) -> str:
    return " + ".join(_counted(words, code) for code in codes)


def _counted(words: Words, code: str) -> str:
    return _with(words, said(words, WORDS[code]), code.removesuffix("_ms"))


def _title(words: Words, column: Definition) -> str:
    return column.zh if words.zh else column.en


def _titled(words: Words, column: Definition) -> str:
    return _with(words, _title(words, column), column.code)


def _with(words: Words, title: str, more: str) -> str:
    return f"{title}（{more}）" if words.zh else f"{title} ({more})"
