"""`yihu explain CALL`: why this caller waited as long as he did, or was lost."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, cast
from zoneinfo import ZoneInfo

import click

if TYPE_CHECKING:
    from cti.metrics.words import Lang
    from cti.settings import Settings


@click.command("explain")
@click.argument("call")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object: the facts, and the text.")
@click.pass_obj
def command(settings: Settings, call: str, lang: str, as_json: bool) -> None:
    """Why did this caller wait? CALL is the id of a call, its SIP Call-ID, or `last`; the call may still go on."""
    from agents.roster import RosterError
    from cti.metrics.explain_text import answer, in_words
    from cti.metrics.words import Words
    from cti.roster_file import RosterFile
    from cti.skills import SKILLS, read_skills
    from cti.storage.sql import SqlStore
    from cti.storage.store import StoreError
    from cti.storage.whys import why
    from cti.toml_file import TomlRefused
    from cti.watched_file import read_document

    try:
        roster = RosterFile(settings.roster).read()
    except RosterError as error:
        click.echo(f"{error} (agents are named by their ids alone)", err=True)
        roster = {}
    try:
        store = SqlStore.open(settings.sql_url)
        try:
            found = why(store, call, roster, time.time())
        finally:
            store.close()
    except StoreError as error:
        raise click.ClickException(str(error)) from None
    if found is None:
        raise click.ClickException(f"there is no call {call!r}; give its id, its SIP Call-ID, or last")
    try:
        skills = read_document(settings.documents / "skills.toml", read_skills, SKILLS)
    except TomlRefused as error:
        click.echo(f"{error} (skills have their shipped names)", err=True)
        skills = read_skills(SKILLS, "")
    words = Words.of_roster(cast("Lang", lang), roster, ZoneInfo(settings.city.timezone), skills.names())
    if as_json:
        import orjson

        click.echo(orjson.dumps(answer(found, words)).decode())
    else:
        click.echo(in_words(found, words), nl=False)
