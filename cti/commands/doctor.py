"""`yihu doctor`: what is wrong with this installation, and what to do about it."""

from __future__ import annotations

import sys

import click

from cti.settings import Settings


@click.command("doctor")
@click.pass_obj
def command(settings: Settings) -> None:
    """Check every part, whether the system runs or not. Exit code 1 if something has to be mended."""
    from cti.doctor import examine

    marks = {"ok": click.style("ok  ", fg="green"), "warn": click.style("warn", fg="yellow")}
    marks["fail"] = click.style("FAIL", fg="red", bold=True)
    counts = {"ok": 0, "warn": 0, "fail": 0}
    for finding in examine(settings):
        counts[finding.level] += 1
        click.echo(f"{marks[finding.level]}  {finding.part:<16} {finding.text}")
    click.echo(f"{counts['ok']} ok, {counts['warn']} to look at, {counts['fail']} to mend")
    sys.exit(1 if counts["fail"] else 0)
