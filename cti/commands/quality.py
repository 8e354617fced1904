"""`yihu quality [DAY]`: talks that a supervisor may want to listen to, by their words."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

if TYPE_CHECKING:
    from cti.settings import Settings

_PAGE = 500


@click.command("quality")
@click.argument("day", default="today")
@click.option("--json", "as_json", is_flag=True, help="One JSON object with every talk, those without findings too.")
@click.pass_obj
def command(settings: Settings, day: str, as_json: bool) -> None:
    """Inspect the talks of a day: DAY is a date (2026-11-21), `today` or `yesterday`, in the city's own time.

    What is found is a reason to listen, not a judgement: it is as good as the speech model.
    """
    import orjson
    from rich.console import Console
    from rich.table import Table

    from cti.quality_rules import QUALITY, read_quality_rules
    from cti.storage.read_quality import inspected
    from cti.storage.sql import SqlStore
    from cti.storage.sql_transcripts import SqlTranscripts
    from cti.storage.store import StoreError
    from cti.toml_file import TomlRefused
    from cti.watched_file import read_document

    zone = ZoneInfo(settings.city.timezone)
    chosen = _day(day, datetime.now(zone).date())
    since, until = (
        datetime(d.year, d.month, d.day, tzinfo=zone).timestamp() for d in (chosen, chosen + timedelta(days=1))
    )
    found = []
    try:
        rules = read_document(settings.documents / "quality.toml", read_quality_rules, QUALITY)
        store = SqlStore.open(settings.sql_url)
        try:
            while since < until:
                page, until_ = inspected(store, SqlTranscripts(store), rules, since, until, _PAGE)
                found += page
                until = until_
        finally:
            store.close()
    except (StoreError, TomlRefused) as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        head = {"day": chosen.isoformat(), "timezone": settings.city.timezone, "city": settings.city.code}
        click.echo(orjson.dumps({**head, "talks": [one.as_json() for one in found]}).decode())
        return
    table = Table(
        "began", "call", "agent", "at", "finding", title=f"{settings.city.name} {chosen}", title_justify="left"
    )
    for one in found:
        began = datetime.fromtimestamp(one.began_at, zone).strftime("%H:%M:%S")
        for finding in one.quality.findings:
            at = f"{int(finding.at_s) // 60}:{int(finding.at_s) % 60:02}"
            table.add_row(began, f"{one.call_id} {one.segment}", one.agent, at, f"{finding.kind} {finding.what}")
    Console().print(table)
    click.echo(f"{len(found)} talks inspected, {sum(bool(one.quality.findings) for one in found)} with findings")


def _day(text: str, today: date) -> date:
    if text in ("today", "yesterday"):
        return today - timedelta(days=text == "yesterday")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no day; give a date such as {today}, today or yesterday") from None
