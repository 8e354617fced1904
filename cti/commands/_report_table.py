"""The table of `yihu report`: a day, week or month by half hour, shift, queue …, on the terminal and as files."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from agents.roster import RosterError
from agents.schedule import Schedule
from cti.metrics.asked import Asked
from cti.metrics.rates import Rate
from cti.metrics.table_sheets import About
from cti.metrics.table_words import BY, MISSING, against, rank_name, row_name, said, total_name
from cti.metrics.tables import Row, Table
from cti.metrics.words import Lang, Words
from cti.report_making import Making
from cti.roster_file import RosterFile
from cti.schedule_file import ScheduleFile
from cti.skills import SKILLS, read_skills
from cti.toml_file import TomlRefused
from cti.watched_file import read_document

if TYPE_CHECKING:
    from cti.settings import Settings
    from cti.storage.store import Store

_RATE_WIDTH, _RANK_WIDTH = 15, 10
"""Characters that a rate takes, with its border; and the rank, with those of the first column."""


def report(
    settings: Settings,
    store: Store,
    asked: Asked,
    lang: Lang,
    csv_file: Path | None,
    xlsx_file: Path | None,
    *,
    as_json: bool,
) -> None:
    """Prints it, or writes the files that are named. May raise StoreError, ScheduleError and SpanError."""
    schedule = ScheduleFile(settings.schedule).read() if asked.by == "shift" else Schedule()
    making = Making(store, settings, schedule, time.time())
    found = making.report(asked)
    table, about = found.table, found.about
    if as_json:
        import orjson

        head = {"city": settings.city.code, "timezone": settings.city.timezone, "statistics": asked.statistics}
        click.echo(orjson.dumps({**head, "open": about.open_calls, **table.as_json()}).decode())
        return
    words = _words(settings, lang)
    if csv_file is None and xlsx_file is None:
        _print(table, about, words)
    if csv_file is not None:
        with _said(csv_file):
            making.write_csv(csv_file, found, words)
        click.echo(f"{csv_file}: {len(table.rows)} rows")
    if xlsx_file is not None:
        with _said(xlsx_file):
            lost = making.write_xlsx(xlsx_file, asked, found, words)
        click.echo(f"{xlsx_file}: {len(table.rows)} rows, {lost} lost calls")


@contextmanager
def _said(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise click.ClickException(f"{path}: cannot be written: {error.strerror or error}") from None


def _words(settings: Settings, lang: Lang) -> Words:
    """With the names of this city's agents and queues; their ids where those cannot be read."""
    try:
        roster = RosterFile(settings.roster).read()
    except RosterError as error:
        click.echo(f"{error} (agents are named by their ids alone)", err=True)
        roster = {}
    try:
        skills = read_document(settings.documents / "skills.toml", read_skills, SKILLS)
    except TomlRefused as error:
        click.echo(f"{error} (skills have their shipped names)", err=True)
        skills = read_skills(SKILLS, "")
    return Words.of_roster(lang, roster, ZoneInfo(settings.city.timezone), skills.names())


def _print(table: Table, about: About, words: Words) -> None:
    """Each rate with what is divided, as many beside one another as there is room for; without the places of loss."""
    console = Console()
    title = f"{about.city} {table.span.label} ({about.timezone})"
    columns = [column for column in table.columns if not column.code.startswith("loss_at_")]
    names = {row.label: row_name(words, table.by, row, about.shifts) for row in table.rows}
    room = console.width - max((cell_len(name) for name in names.values()), default=0) - _RANK_WIDTH
    fit = max(1, room // _RATE_WIDTH)
    for n in range(0, len(columns), fit):
        shown = RichTable(title=", ".join(filter(None, (title, about.statistics))), title_justify="left")
        shown.add_column(said(words, BY[table.by]), no_wrap=True)
        if table.ranked_by:
            shown.add_column(said(words, ("排名", "Rank")), justify="right", no_wrap=True)
        part = columns[n : n + fit]
        for column in part:
            shown.add_column(column.zh if words.zh else column.en, justify="right")
        for row in (*table.rows, table.total):
            last = row is table.total
            cells = [escape(total_name(words) if last else names[row.label])]
            if table.ranked_by:
                cells.append("" if last else rank_name(words, row))
            cells += [_cell(table, row, column.code, words) for column in part]
            shown.add_row(
                *cells, style="bold" if last else None, end_section=bool(table.rows) and row is table.rows[-1]
            )
        console.print(shown)
    for column in columns:
        formula = column.formula_zh if words.zh else column.formula
        console.print(f"[bold]{column.code}[/] {column.zh if words.zh else column.en}: [dim]{escape(formula)}[/]")
    for earlier, span in table.earlier.items():
        console.print(f"Δ {against(words, table.span, earlier)}: {span.label}")
    not_over = said(words, ("尚未结束、未计入的呼入", "calls not over, in no figure"))
    console.print(f"{not_over}: {about.open_calls}")


def _cell(table: Table, row: Row, code: str, words: Words) -> str:
    found = row.rates[code]
    lines = [_value(found, words), f"[dim]{found.numerator:.0f} / {found.denominator:.0f}[/]"]
    for earlier in table.earlier:
        difference = row.difference(code, earlier)
        lines.append("Δ –" if isinstance(difference, str) else f"Δ {difference:+.2f}")
    return "\n".join(lines)


def _value(found: Rate, words: Words) -> str:
    if found.unknown is not None:
        return "–" if found.unknown == "nothing" else said(words, MISSING[found.unknown])
    return f"{found.value:.2%}" if found.unit == "share" else f"{found.value:.1f} s"
