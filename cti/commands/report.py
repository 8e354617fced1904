"""`yihu report [DAY]`: the day's calls from SQL, each rate with its name, formula and denominator."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

if TYPE_CHECKING:
    from rich.table import Table

    from cti.metrics.rates import Rate
    from cti.metrics.report import Report, Waits
    from cti.settings import Settings


@click.command("report")
@click.argument("day", default="today")
@click.option("--statistics", help="Only calls counted under this key (a number of the DID table, such as 12333).")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
@click.pass_obj
def command(settings: Settings, day: str, statistics: str | None, as_json: bool) -> None:
    """The report of a day: DAY is a date (2026-11-21), `today` or `yesterday`, in the city's own time."""
    from cti.metrics.report import Report
    from cti.storage.sql import SqlStore
    from cti.storage.store import StoreError

    zone = ZoneInfo(settings.city.timezone)
    chosen = _day(day, datetime.now(zone).date())
    since, until = (
        datetime(d.year, d.month, d.day, tzinfo=zone).timestamp() for d in (chosen, chosen + timedelta(days=1))
    )
    try:
        store = SqlStore.open(settings.sql_url)
        try:
            records = store.calls(since, until, statistics=statistics)
            contradictory = set(store.contradictions(since, until)) & {record.call_id for record in records}
            report = Report.of(
                records,
                open_calls=store.open_calls(since, until, statistics=statistics),
                contradictory=len(contradictory),
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
        print_report(report, title if statistics is None else f"{title}, {statistics}")


def print_report(report: Report, title: str) -> None:
    """The report as tables on the terminal."""
    from rich.console import Console
    from rich.markup import escape

    from cti.metrics.rates import LOSS_PLACES

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


def _day(text: str, today: date) -> date:
    if text == "today":
        return today
    if text == "yesterday":
        return today - timedelta(days=1)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no day; give a date such as {today}, today or yesterday") from None


def _table(title: str, first: str, *others: str) -> Table:
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    table.add_column(first)
    for other in others:
        table.add_column(other, justify="left" if other == "呼损位置" else "right", no_wrap=True)
    return table


def _value(rate: Rate) -> str:
    if rate.value is None:
        return "–"
    return f"{rate.value:.2%}" if rate.unit == "share" else f"{rate.value:.1f} s"


def _figures(waits: Waits) -> list[str]:
    figures = (waits.p50, waits.p90, waits.p95, waits.p99, waits.max)
    return [str(waits.n), *("–" if figure is None else f"{figure:.1f}" for figure in figures)]
