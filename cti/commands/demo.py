"""`yihu demo`: citizens call, agents answer, and the records are compared with what the telephones saw."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cti.demo.run import Result
    from cti.settings import Settings


@click.command("demo")
@click.option("--calls", default=60, show_default=True, type=click.IntRange(1, 2000), help="Citizens who call.")
@click.option("--agents", default=8, show_default=True, type=click.IntRange(1, 200), help="Agents who answer.")
@click.option("--rate", default=2.0, show_default=True, type=click.FloatRange(0.1, 20), help="Calls a second.")
@click.option("--seed", default=12345, show_default=True, help="The same seed gives the same callers.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
@click.pass_obj
def command(settings: Settings, calls: int, agents: int, rate: float, seed: int, as_json: bool) -> None:
    """Real SIP calls with sound and keys into the running stack, or into one of its own if none is running.

    Exit code 1 if any record differs from what the telephones saw.
    """
    import orjson

    from cti.demo.cleanly import run_cleanly
    from cti.demo.client import StackAway, StackRefused
    from cti.demo.run import DemoRefused, demonstrate
    from cti.demo.sipp import SippError
    from cti.demo.stack import StackFailed
    from cti.programs import ProgramMissing

    try:
        result = run_cleanly(demonstrate(settings, calls, agents, rate, seed))
    except (StackAway, StackRefused, StackFailed, DemoRefused, SippError, ProgramMissing) as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(orjson.dumps(result.as_json(), option=orjson.OPT_INDENT_2).decode())
    else:
        _print(result)
    sys.exit(1 if result.differences else 0)


def _print(result: Result) -> None:
    from rich.console import Console
    from rich.table import Table

    from cti.commands.report import print_report
    from cti.demo.run import outcome_rows

    console = Console()
    print_report(result.report, "Demonstration data: no real citizen called")
    table = Table("What callers meant to do", "Calls", "It came to it", title="Callers", title_justify="left")
    for row in outcome_rows(result.outcomes):
        table.add_row(*row)
    console.print(table)
    offers = ", ".join(f"{what.replace('_', ' ')} {count}" for what, count in result.offers.items())
    console.print(f"Rings at agents: {offers}")
    where = "a stack of its own" if result.own_stack else "the running stack, whose records now hold these calls too"
    console.print(f"{result.agents} agents, seed {result.seed}, {result.seconds:.0f} s, in {where}")
    for complaint in result.complaints:
        console.print(f"SIPp: {complaint}", style="yellow", markup=False)
    if result.differences:
        console.print(f"{len(result.differences)} differences between records and telephones:", style="red")
        for difference in result.differences:
            console.print(f"  {difference}", markup=False)
    else:
        console.print(
            f"Reconciled: {result.report.calls} calls, and every record agrees with the telephones.", style="green"
        )
