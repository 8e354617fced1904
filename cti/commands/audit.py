"""`yihu audit`: the trail of who did what."""

from __future__ import annotations

import sys

import click

from cti.settings import Settings

_SHOWN = 20
"""Faults that are named one by one."""


@click.group("audit")
def command() -> None:
    """The audit trail: log-ins, refusals, changes of rights, numbers looked at."""


def _known(_ctx: click.Context, _param: click.Parameter, value: str) -> tuple[int, str] | None:
    n, _, digest = value.partition(" ")
    if value and not (n.isdigit() and digest):
        raise click.BadParameter('write it as an earlier look said it: "1234 9f3c…"')
    return (int(n), digest) if value else None


@command.command("verify")
@click.option("--known", default="", callback=_known, help='"N HASH" of an earlier look: it must still be there.')
@click.pass_obj
def verify(settings: Settings, known: tuple[int, str] | None) -> None:
    """Checks that no entry was changed, taken out or put in after it was written.

    That the newest entries were cut off shows by --known alone; the daemon's log says each last one too (`audited`).
    Exit code 1 if something is wrong.
    """
    from cti.accounts import trail
    from cti.storage.audit import SqlTrail
    from cti.storage.sql import SqlStore
    from cti.storage.store import StoreError

    try:
        store = SqlStore.open(settings.sql_url)
        try:
            verdict = trail.verify(SqlTrail(store).whole(), known)
        finally:
            store.close()
    except StoreError as error:
        raise click.ClickException(str(error)) from None
    for fault in verdict.faults[:_SHOWN]:
        click.echo(fault)
    if len(verdict.faults) > _SHOWN:
        click.echo(f"and {len(verdict.faults) - _SHOWN} more")
    last = f"the last is {verdict.last.n} {verdict.last.hash}" if verdict.last is not None else "no entries yet"
    click.echo(f"{'the trail is NOT whole' if verdict.faults else 'the trail is whole'}; {last}")
    sys.exit(1 if verdict.faults else 0)
