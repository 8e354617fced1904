"""`yihu bench`: measurements to be repeated by whoever doubts them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cti.bench.routing import Result


@click.group("bench")
def command() -> None:
    """Measure this system and what it is compared with, in one run on this machine."""


@command.command("routing")
@click.option("--live", is_flag=True, help="With real calls on a real Asterisk (the only way there is so far).")
@click.option(
    "--calls", default=60, show_default=True, type=click.IntRange(1, 5000), help="Busy calls for each system."
)
@click.option("--agents", default=5, show_default=True, type=click.IntRange(1, 200), help="Agents.")
@click.option("--rate", default=2.0, show_default=True, type=click.FloatRange(0.1, 20), help="Calls a second.")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1, 50), help="Turns of each system.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same talks.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def routing(live: bool, calls: int, agents: int, rate: float, rounds: int, seed: int, as_json: bool) -> None:
    """Time from a free agent, or a fresh call, to the INVITE at an agent: our router beside Asterisk's app_queue.

    Starts a stack of its own. Both systems get the same load in turns; times are those of the SIP messages.
    """
    if not live:
        raise click.UsageError("give --live: it places real calls for a few minutes")
    import orjson

    from cti.bench.routing import BenchError, compare
    from cti.demo.cleanly import run_cleanly
    from cti.demo.client import StackAway, StackRefused
    from cti.demo.sipp import SippError
    from cti.demo.stack import StackFailed
    from cti.programs import ProgramMissing

    try:
        result = run_cleanly(compare(calls, agents, rate, rounds, seed))
    except (BenchError, StackAway, StackRefused, StackFailed, SippError, ProgramMissing) as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(orjson.dumps(result.as_json(), option=orjson.OPT_INDENT_2).decode())
    else:
        _print(result)


def _print(result: Result) -> None:
    from rich.console import Console
    from rich.table import Table

    from cti.bench.routing import APP_QUEUE, METRICS, OURS

    console = Console()
    labels = dict(zip(METRICS, ("agent free", "fresh call, agent idle"), strict=True))
    table = Table("to INVITE, ms", "system", "n", "p50", "p95", "p99", "max", title="Routing", title_justify="left")
    for metric in METRICS:
        for system in (OURS, APP_QUEUE):
            row = result.figures(system)[metric]
            table.add_row(labels[metric], system, *("–" if row[k] is None else f"{row[k]:g}" for k in row))
        ratios = (result.ratio(metric, which) for which in ("p50", "p95", "p99", "max"))
        table.add_row("", "ratio", "", *("–" if ratio is None else f"{ratio:g}" for ratio in ratios))
    console.print(table)
    for remark in result.remarks():
        console.print(remark, markup=False, highlight=False)
    lost = ", ".join(f"{system} {count}" for system, count in result.failed.items() if count)
    console.print(
        f"{result.agents} agents, {result.rate:g} calls/s, {result.rounds} turns each, {result.seconds:.0f} s"
        + (f"; calls that no agent took: {lost}" if lost else "")
    )
