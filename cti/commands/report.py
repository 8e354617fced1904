"""`yihu report [DAY]`: the day's calls from SQL, each rate with its name, formula and denominator."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, get_args
from zoneinfo import ZoneInfo

import click

from cti.metrics.spans import Against, Span, SpanError
from cti.metrics.tally import By

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from cti.metrics.asked import Asked
    from cti.metrics.rates import Rate
    from cti.metrics.record import CallRecord
    from cti.metrics.report import Report, Waits
    from cti.metrics.words import Lang
    from cti.settings import Settings
    from cti.storage.store import Store

_FILE = click.Path(path_type=Path, dir_okay=False, writable=True)
_LONGEST_RUNG_S = 7 * 86_400.0
"""A rung that was switched on longer ago than this is not seen."""


@click.command("report")
@click.argument("day", default="today", metavar="[DAY|WEEK|MONTH]")
@click.option("--by", type=click.Choice(get_args(By)), help="A row for each; a week or month is by day otherwise.")
@click.option("--compare", type=click.Choice(get_args(Against)), multiple=True, help="With the one before, or earlier.")
@click.option("--rank", metavar="CODE", help="The best rows first, by this rate (such as connection_rate).")
@click.option("--csv", "csv_file", type=_FILE, help="Write the table here.")
@click.option("--xlsx", "xlsx_file", type=_FILE, help="Write definitions, table and lost calls here.")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Of the table.")
@click.option("--statistics", help="Only calls counted under this key (a number of the DID table, such as 12333).")
@click.option("--agents", is_flag=True, help="What each agent did with his time, instead of the calls.")
@click.option(
    "--load",
    "load_file",
    type=_FILE,
    help="Write the day's calls here as a load file for `yihu simulate` and `yihu staff`, instead of the report.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
@click.pass_obj
def command(
    settings: Settings,
    day: str,
    by: By | None,
    compare: tuple[Against, ...],
    rank: str | None,
    csv_file: Path | None,
    xlsx_file: Path | None,
    lang: Lang,
    statistics: str | None,
    agents: bool,
    load_file: Path | None,
    as_json: bool,
) -> None:
    """The report of a day: DAY is a date (2026-11-21), `today` or `yesterday`, in the city's own time.

    Of a WEEK (2026-W47), a MONTH (2026-11), or with --by and its like, it is a table.
    """
    from cti.metrics.asked import Asked
    from cti.metrics.report import Report
    from cti.metrics.surge import rungs_on
    from cti.storage.sql import SqlStore
    from cti.storage.store import StoreError

    zone = ZoneInfo(settings.city.timezone)
    try:
        span = Span.read(day, datetime.now(zone).date())
    except SpanError as error:
        raise click.BadParameter(str(error)) from None
    if by or compare or rank or csv_file or xlsx_file or span.kind != "day":
        if agents or load_file:
            raise click.UsageError("--agents and --load are of one day, and stand without a table's options")
        asked = Asked(span, by or ("half_hour" if span.kind == "day" else "day"), compare, rank, statistics)
        _report_table(settings, asked, lang, csv_file, xlsx_file, as_json=as_json)
        return
    chosen, period = span.first, span.period(zone)
    since, until = period.since, period.until
    if agents:
        _report_agents(settings, chosen, zone, as_json)
        return
    try:
        store = SqlStore.open(settings.sql_url)
        try:
            now = min(until, datetime.now(zone).timestamp())
            records = store.calls(since, until, statistics=statistics)
            if load_file is not None:
                _write_load(load_file, records, zone, settings.calls.wrap_up_s)
                return
            contradictory = set(store.contradictions(since, until)) & {record.call_id for record in records}
            report = Report.of(
                records,
                open_calls=store.open_calls(since, until, statistics=statistics),
                contradictory=len(contradictory),
                open_tasks=_open_tasks(settings, store, now) if statistics is None else None,
                gap=bool(store.gaps(since, now)),
                rungs=rungs_on(store.beside_calls("city", since - _LONGEST_RUNG_S, until), since, now),
            )
        finally:
            store.close()
    except StoreError as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        import orjson

        head = {"day": chosen.isoformat(), "timezone": settings.city.timezone, "city": settings.city.code}
        click.echo(orjson.dumps({**head, "statistics": statistics, **report.as_json()}).decode())
    else:
        title = f"{settings.city.name} {chosen.isoformat()} ({settings.city.timezone})"
        print_report(report, title if statistics is None else f"{title}, {statistics}", zone)


def _report_table(
    settings: Settings, asked: Asked, lang: Lang, csv_file: Path | None, xlsx_file: Path | None, *, as_json: bool
) -> None:
    from agents.schedule import ScheduleError
    from cti.commands._report_table import report
    from cti.metrics.tables import columns_by
    from cti.storage.sql import SqlStore
    from cti.storage.store import StoreError

    columns = [column.code for column in columns_by(asked.by)]
    if asked.rank is not None and asked.rank not in columns:
        raise click.UsageError(f"--rank {asked.rank}: by {asked.by} there are {', '.join(columns)}")
    if asked.by == "agent" and asked.statistics is not None:
        raise click.UsageError("agents' time is not kept by number: --by agent stands without --statistics")
    if as_json and (csv_file or xlsx_file):
        raise click.UsageError("--json is printed and no file: it stands without --csv and --xlsx")
    try:
        store = SqlStore.open(settings.sql_url)
        try:
            report(settings, store, asked, lang, csv_file, xlsx_file, as_json=as_json)
        finally:
            store.close()
    except SpanError as error:
        raise click.UsageError(str(error)) from None
    except (StoreError, ScheduleError) as error:
        raise click.ClickException(str(error)) from None


def _write_load(path: Path, records: list[CallRecord], zone: ZoneInfo, wrap_up_s: float) -> None:
    """Those that reached a queue, with the usual wrap-up: what is lost in a menu is no load on agents."""
    from cti.simulation.load_file import write_load

    calls = (
        (
            datetime.fromtimestamp(record.arrived_at, zone),
            record.queue,
            record.talk_s + wrap_up_s if record.answered else None,
        )
        for record in records
        if record.incoming and record.queue
    )
    try:
        count = write_load(path, calls)
    except OSError as error:
        raise click.ClickException(f"{path}: cannot be written: {error.strerror}") from None
    click.echo(f"{path}: {count} calls")


def _report_agents(settings: Settings, day: date, zone: ZoneInfo, as_json: bool) -> None:
    from agents.schedule import ScheduleError
    from cti.commands._report_agents import print_agents
    from cti.schedule_file import ScheduleFile
    from cti.storage.agent_days import read_agent_days
    from cti.storage.sql import SqlStore
    from cti.storage.store import StoreError

    since = datetime(day.year, day.month, day.day, tzinfo=zone)
    until = max(since, min(since + timedelta(days=1), datetime.now(zone)))
    try:
        store = SqlStore.open(settings.sql_url)
        try:
            days = read_agent_days(store, ScheduleFile(settings.schedule).read(), since, until)
        finally:
            store.close()
    except (StoreError, ScheduleError) as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        import orjson

        head = {"day": day.isoformat(), "timezone": settings.city.timezone, "city": settings.city.code}
        click.echo(orjson.dumps({**head, "agents": [one.as_json() for one in days]}).decode())
    else:
        print_agents(days, f"{settings.city.name} {day.isoformat()} ({settings.city.timezone})")


def print_report(report: Report, title: str, zone: tzinfo | None = None) -> None:
    """The report as tables on the terminal; times of day in this zone, or the machine's own."""
    from rich.console import Console
    from rich.markup import escape

    from cti.metrics.figures import LOSS_PLACES

    console = Console()
    rates = _table(title, "Rate", "Value", "Of")
    for rate in report.rates:
        name = f"[bold]{rate.name}[/]  {rate.chinese}\n[dim]{escape(rate.formula)}[/]"
        rates.add_row(name, f"[bold]{_value(rate)}[/]", f"{rate.numerator:.6g} / {rate.denominator}")
    console.print(rates)

    lost = _table("Not answered by a person, by place", "Place", "呼损位置", "Calls")
    for place, count in report.lost_at.items():
        lost.add_row(place, LOSS_PLACES.get(place, ""), str(count))
    console.print(lost)

    waits = _table("Waits in seconds", "", "Calls", "p50", "p90", "p95", "p99", "Longest")
    for name, row in (
        ("queue to answer", report.wait_queue_answered),
        ("arrival to answer", report.wait_total_answered),
        ("arrival to loss", report.wait_total_lost),
        ("talk", report.talk),
    ):
        waits.add_row(name, *_figures(row))
    console.print(waits)

    _print_waiting(console, report, zone)
    ratings = ", ".join(f"key {score}: {count}" for score, count in report.ratings.items()) or "none"
    console.print(f"Ratings (1 = best): {ratings}")
    console.print(f"{report.calls} calls ended, {report.answered} answered, {report.open} still open (not in any rate)")
    for count, what in (
        (report.estimated, "with an estimated moment (no daemon was running)"),
        (report.incomplete, "with missing milestones"),
        (report.contradictory, "with milestones that contradict one another"),
    ):
        if count:
            console.print(f"[yellow]{count} {what}[/]")


def _print_waiting(console: Console, report: Report, zone: tzinfo | None) -> None:
    """What became of those who did not want to wait, and what the hotline did about waits."""
    from cti.metrics.words import RUNGS

    done = report.callbacks
    if done.asked or done.outcomes or done.open:
        table = _table("Callbacks (in no rate of incoming calls)", "", "回拨", "Calls or tasks")
        for name, chinese, count in (
            ("asked for one instead of waiting", "要求回拨", done.asked),
            ("citizens dialled", "已拨", done.tried),
            ("reached", "回拨成功", done.reached),
            ("not reached (yet)", "未成功", done.not_reached),
            ("missed-call tasks open at the end", "待回拨任务", done.open),
        ):
            if count is not None:
                table.add_row(name, chinese, str(count))
        console.print(table)
        console.print("Calls to citizens by outcome: " + (_counts(done.outcomes) or "none"))
    if report.rungs:
        table = _table("Surge ladder", "Rung", "高峰措施", "On", "Seconds", "By")
        for on in report.rungs:
            chinese = RUNGS.get(on.rung, ("", ""))[0]
            since = datetime.fromtimestamp(on.since, zone).strftime("%H:%M:%S")
            table.add_row(on.rung, chinese, since, f"{on.seconds:.0f}{'+' if on.goes_on else ''}", on.by)
        console.print(table)
    if report.estimates:
        table = _table(
            "Estimated waits, as reckoned at queueing",
            "Queue",
            "预计等待",
            "Calls",
            "Error",
            "Bias",
            "Within 60 s",
            "25 %",
        )
        for row in report.estimates:
            within = ("–" if share is None else f"{share:.0%}" for share in (row.within_minute, row.within_quarter))
            errors = ("–" if value is None else f"{value:.0f} s" for value in (row.mean_error_s, row.bias_s))
            table.add_row(row.queue or "all", "" if row.queue else "全部队列", str(row.n), *errors, *within)
        console.print(table)
        first = report.estimates[0]
        if first.left_too_low is not None:
            late = f"{first.left_too_low:.0%} of them had waited longer than estimated by then"
            console.print(f"Estimated and left unanswered: {first.left}; {late}")
    counts = {"messages left": report.messages, "places kept": report.kept_places, "agents lost": report.agents_lost}
    console.print(_counts(counts))


def _open_tasks(settings: Settings, store: Store, until: float) -> int:
    """Citizens whom we owed a call at that moment."""
    from cti.callbacks import ended_call, task_rules
    from queues.callbacks import Tasks

    rules = task_rules(settings.callback)
    tasks = Tasks(rules)
    calls = (ended_call(record) for record in store.calls(until - rules.oldest_s, until))
    for call in sorted((call for call in calls if call.ended_at < until), key=lambda call: call.ended_at):
        tasks.add(call)
    return sum(task.closed is None for task in tasks.all(until))


_CHINESE = ("呼损位置", "回拨", "高峰措施")


def _table(title: str, first: str, *others: str) -> Table:
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    table.add_column(first)
    for other in others:
        table.add_column(other, justify="left" if other in _CHINESE else "right", no_wrap=True)
    return table


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name}: {count}" for name, count in counts.items())


def _value(rate: Rate) -> str:
    if rate.value is None:
        return "unknown (gap)" if rate.unknown == "gap" else "–"
    return f"{rate.value:.2%}" if rate.unit == "share" else f"{rate.value:.1f} s"


def _figures(waits: Waits) -> list[str]:
    figures = (waits.p50, waits.p90, waits.p95, waits.p99, waits.max)
    return [str(waits.n), *("–" if figure is None else f"{figure:.1f}" for figure in figures)]
