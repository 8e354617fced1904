"""`yihu simulate`: a day of synthetic callers on the real router, beside other ways to share the same seats."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

    from cti.simulation.statistics import Interval
    from cti.simulation.study import Result


@click.command("simulate")
@click.argument("scenario", required=False)
@click.option("--list", "list_them", is_flag=True, help="The scenarios that are shipped.")
@click.option("--seeds", default=5, show_default=True, type=click.IntRange(1, 1000), help="Days to simulate.")
@click.option(
    "--load",
    "load_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="CSV with the calls of a day (arrived_at,queue,handling_s) instead of the scenario's.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
def command(scenario: str | None, list_them: bool, seeds: int, load_file: Path | None, as_json: bool) -> None:
    """What connection rate the seats of SCENARIO reach, under four policies and with confidence intervals.

    SCENARIO is the name of a shipped scenario or a TOML file. Callers are synthetic: see docs/simulation.md.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from cti.simulation.load_file import read_load
    from cti.simulation.policies import NAMES
    from cti.simulation.scenario import ScenarioError, load, shipped
    from cti.simulation.study import study

    if list_them:
        for name in shipped():
            click.echo(f"{name:12} {next(iter(load(name).values())).title}")
        return
    if scenario is None:
        raise click.UsageError("name a scenario; `yihu simulate --list` shows those that are shipped")
    began = time.monotonic()
    try:
        variants = load(scenario)
        arrivals = None
        if load_file is not None:
            headline = next(iter(variants))
            variants = {headline: variants[headline]}
            arrivals = read_load(load_file, {desk.name for desk in variants[headline].desk})
    except ScenarioError as error:
        raise click.ClickException(str(error)) from None
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    # Without the bar's own thread, because the study forks.
    with Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False) as progress:
        task = progress.add_task("simulated days", total=len(variants) * seeds * len(NAMES))
        processes = min(len(os.sched_getaffinity(0)), seeds * len(NAMES))
        results = study(
            variants, range(1, seeds + 1), arrivals, processes, lambda: progress.update(task, advance=1, refresh=True)
        )
    seconds = time.monotonic() - began
    if as_json:
        _print_json(scenario, results, load_file, seconds)
    else:
        _print(Console(), results, load_file, seconds)


def _print_json(scenario: str, results: dict[str, Result], load_file: Path | None, seconds: float) -> None:
    import orjson

    headline = next(iter(results))
    first = results[headline]
    said = {
        "scenario": scenario,
        "synthetic": True,
        "variant": headline,
        "seeds": len(first.seeds),
        "confidence": 0.95,
        "load": None if load_file is None else load_file.name,
        "assumptions": first.scenario.assumptions,
        **first.as_json(),
        "variants": {name: result.as_json() for name, result in results.items()},
        "seconds": round(seconds, 1),
    }
    click.echo(orjson.dumps(said, option=orjson.OPT_INDENT_2).decode())


def _print(console: Console, results: dict[str, Result], load_file: Path | None, seconds: float) -> None:
    from rich.table import Table

    from cti.simulation.study import DIFFERENCES, MEASURES

    for result in results.values():
        table = Table(title=f"SYNTHETIC  {result.scenario.title}", title_justify="left")
        table.add_column("policy")
        for heading in (
            "接通率\nconnection",
            "人次\nintent",
            "\n15 s",
            "\nof calls",
            "wait\ns",
            "busy",
            "first\nchoice",
        ):
            table.add_column(heading, justify="right")
        for name in result.tallies:
            mean = {measure: result.interval(name, measure).mean for measure in MEASURES}
            table.add_row(
                name,
                _percent(result.interval(name, "connection_rate")),
                f"{100 * mean['intent_rate']:.1f} %",
                f"{100 * mean['asked_answer_rate_15s']:.1f} %",
                f"{mean['calls']:,.0f}",
                f"{mean['asa_s']:.1f}",
                f"{100 * mean['occupancy']:.0f} %",
                f"{100 * mean['first_choice']:.0f} %",
            )
        console.print(table)
        for a, b in DIFFERENCES:
            console.print(f"  {a} - {b}: {_percent(result.difference(a, b), ' points')}", highlight=False)
    first = next(iter(results.values()))
    source = "" if load_file is None else f"; calls from {load_file.name}, patience is assumed, redials are in the file"
    console.print(f"\n{len(first.seeds)} seeds, intervals of 95 %, {seconds:.0f} s{source}. Assumed:", highlight=False)
    for assumption in first.scenario.assumptions:
        console.print(f"  · {assumption}", markup=False, highlight=False)


def _percent(interval: Interval, unit: str = " %") -> str:
    if interval.low is None or interval.high is None:
        return f"{100 * interval.mean:.2f}{unit}"
    return f"{100 * interval.mean:.2f}{unit} ±{50 * (interval.high - interval.low):.2f}"
