"""`yihu config`: the documents that a city changes while it runs, without the desk's page and without a daemon."""

from __future__ import annotations

import getpass
import sys
import time
from datetime import datetime
from typing import TYPE_CHECKING, NoReturn, TextIO
from zoneinfo import ZoneInfo

import click

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cti.administration import Administration, Standing
    from cti.document_checks import Problem
    from cti.settings import Settings
    from cti.text_changes import Line


@click.group("config")
def command() -> None:
    """Documents that change while the city runs: list, show, check, compare, publish, roll back.

    DOC is the name of one, as `list` shows it. A running daemon takes over what is published within a second or two.
    """


@command.command("list")
@click.pass_obj
def list_(settings: Settings) -> None:
    """Every document, its version, since when, by whom."""
    from rich.console import Console
    from rich.table import Table

    office = _office(settings)
    table = Table("document", "version", "since", "by", "why")
    for document in office.documents.all():
        standing = office.standing(document.id)
        version = standing.version
        state = f"v{version.n}" if version.n else "shipped"
        if version != standing.live:
            state += f", faulty: v{standing.live.n} is in use"
        table.add_row(document.id, state, _at(settings, version.at), version.who or version.how, version.why)
    Console().print(table)


@command.command()
@click.argument("doc")
@click.option("--version", "n", type=int, help="An earlier version.")
@click.pass_obj
def show(settings: Settings, doc: str, n: int | None) -> None:
    """The text of DOC, with marks in place of passwords and private numbers."""
    from cti.secrets_veiled import veiled

    office = _office(settings)
    standing = _standing(office, doc)
    try:
        click.echo(veiled(standing.text if n is None else office.text(doc, n)), nl=False)
    except KeyError:
        raise click.ClickException(f"{doc} has no version {n}") from None


@command.command()
@click.argument("doc")
@click.argument("file", type=click.File(encoding="utf-8"), required=False)
@click.pass_obj
def check(settings: Settings, doc: str, file: TextIO | None) -> None:
    """What is wrong with FILE as DOC, or with DOC as it stands. Exit code 1 if it cannot be used."""
    office = _office(settings)
    standing = _standing(office, doc)
    problems = office.check(doc, file.read() if file is not None else standing.text)
    _print(problems)
    if any(problem.level == "error" for problem in problems):
        sys.exit(1)
    click.echo(f"{doc}: good")


@command.command()
@click.argument("doc")
@click.argument("file", type=click.File(encoding="utf-8"), required=False)
@click.option("--from", "since", type=int, help="This version, instead of the one before or the one of now.")
@click.pass_obj
def diff(settings: Settings, doc: str, file: TextIO | None, since: int | None) -> None:
    """FILE compared with DOC as it stands; without FILE the newest version with the one before."""
    office = _office(settings)
    standing = _standing(office, doc)
    n = since if since is not None else (standing.version.n if file is not None else max(0, standing.version.n - 1))
    try:
        old = office.text(doc, n)
    except KeyError:
        raise click.ClickException(f"{doc} has no version {n}") from None
    new = office.unmarked(doc, file.read()) if file is not None else standing.text
    _show(office.difference(old, new))


@command.command()
@click.argument("doc")
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("--why", required=True, help="The reason, for the history.")
@click.option("--base", type=int, help="The version that FILE was made of; default: the newest.")
@click.option("--dry-run", is_flag=True, help="Only say what it would have touched yesterday.")
@click.pass_obj
def publish(settings: Settings, doc: str, file: TextIO, why: str, base: int | None, dry_run: bool) -> None:
    """FILE becomes DOC. `-` is the standard input."""
    from cti.administration import Conflict, Faulty, Unchanged

    office, text = _office(settings), file.read()
    standing = _standing(office, doc)
    try:
        if dry_run:
            _touched(settings, office, doc, text)
            return
        version = office.publish(doc, _who(), why, standing.version.n if base is None else base, text)
    except Faulty as error:
        _refused(error.problems)
    except Unchanged:
        click.echo(f"{doc}: nothing is different")
        return
    except Conflict as conflict:
        _show(conflict.lines)
        raise click.ClickException(
            f"{doc}: version {conflict.version.n} was published meanwhile by {conflict.version.who or 'hand'}, with the"
            " changes above: put yours upon it"
        ) from None
    click.echo(f"{doc}: version {version.n} is published")


@command.command()
@click.argument("doc")
@click.pass_obj
def history(settings: Settings, doc: str) -> None:
    """Every version of DOC: when, who, why."""
    from rich.console import Console
    from rich.table import Table

    office = _office(settings)
    _standing(office, doc)
    table = Table("version", "since", "by", "how", "why")
    for version in office.versions(doc):
        how = f"back to v{version.of}" if version.how == "rolled_back" else version.how
        table.add_row(str(version.n), _at(settings, version.at), version.who, how, version.why)
    Console().print(table)


@command.command()
@click.argument("doc")
@click.argument("version", type=int)
@click.option("--why", required=True, help="The reason, for the history.")
@click.pass_obj
def rollback(settings: Settings, doc: str, version: int, why: str) -> None:
    """DOC becomes what it was in VERSION; passwords stay as they are."""
    from cti.administration import Conflict, Faulty, Unchanged

    office = _office(settings)
    standing = _standing(office, doc)
    try:
        made = office.roll_back(doc, _who(), why, standing.version.n, version)
    except KeyError:
        raise click.ClickException(f"{doc} has no version {version}") from None
    except Faulty as error:
        _refused(error.problems)
    except Unchanged:
        click.echo(f"{doc}: nothing is different")
        return
    except Conflict as conflict:
        raise click.ClickException(f"{doc}: version {conflict.version.n} was published just now: look again") from None
    click.echo(f"{doc}: version {made.n} is as version {version} was")


def _office(settings: Settings) -> Administration:
    from cti.administration import Administration
    from cti.document_checks import Checks
    from cti.document_history import History
    from cti.documents import Documents
    from cti.speech.errors import SpeechError
    from cti.speech.prompt_files import PromptFiles
    from ivr_flows.prompts import MAIN_LANGUAGE

    try:
        seconds = PromptFiles(own=settings.documents / "sounds").durations(MAIN_LANGUAGE)
    except SpeechError as error:
        raise click.ClickException(str(error)) from None
    documents = Documents(settings, Checks(settings, lambda: seconds))
    return Administration(documents, History(settings.documents / "history"))


def _standing(office: Administration, doc: str) -> Standing:
    try:
        return office.standing(doc)
    except KeyError:
        known = ", ".join(document.id for document in office.documents.all())
        raise click.ClickException(f"there is no document {doc}; there are {known}") from None


def _who() -> str:
    try:
        return f"cli-{getpass.getuser()}"
    except (OSError, KeyError):
        return "cli"


def _at(settings: Settings, at: float) -> str:
    return f"{datetime.fromtimestamp(at, ZoneInfo(settings.city.timezone)):%Y-%m-%d %H:%M:%S}" if at else ""


def _print(problems: Iterable[Problem]) -> None:
    for problem in problems:
        click.echo(f"line {problem.line}: {problem.text}{' (warning)' if problem.level == 'warning' else ''}")


def _refused(problems: Iterable[Problem]) -> NoReturn:
    _print(problems)
    raise click.ClickException("it cannot be used, and nothing was changed")


def _show(lines: Iterable[Line]) -> None:
    colours = {"+": "green", "-": "red"}
    for line in lines:
        text = "…" if line.kind == "~" else f"{line.kind} {line.old or '':>4} {line.new or '':>4}  {line.text}"
        click.echo(click.style(text, fg=colours.get(line.kind)))


def _touched(settings: Settings, office: Administration, doc: str, text: str) -> None:
    from cti.storage.sql import SqlStore
    from cti.storage.store import StoreError
    from cti.yesterday import Yesterday

    yesterday = Yesterday(settings, office)
    since, until = yesterday.span(time.time())
    try:
        store = SqlStore.open(settings.sql_url)
        try:
            calls = store.calls(since, until)
        finally:
            store.close()
    except StoreError as error:
        raise click.ClickException(str(error)) from None
    found = yesterday.touched(doc, text, {}, calls, since)
    told = "cannot be counted" if found.touched is None else f"{found.touched}"
    click.echo(f"yesterday: {found.calls} calls, touched by this: {told}")
    for part in found.parts:
        values = " ".join(f"{key}={value}" for key, value in part.values.items())
        count = "not countable from records" if part.calls is None else f"{part.calls} calls"
        click.echo(f"  {part.code} {values}: {count}")
