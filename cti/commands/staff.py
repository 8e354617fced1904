"""`yihu staff`: how many agents are needed in each half hour, by Erlang A."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from queues.staffing import Target, Work

_PATIENCE_S = 90.0
_HANDLING_S = 240.0


@click.command("staff")
@click.argument("scenario", required=False)
@click.option(
    "--load",
    "load_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="CSV with the calls of a day (arrived_at,queue,handling_s), instead of a scenario or instead of its calls.",
)
@click.option(
    "--target",
    default=0.95,
    show_default=True,
    type=click.FloatRange(0, 0.9999),
    help="Share of the calls to be answered.",
)
@click.option("--within", "within_s", type=click.FloatRange(0, 600), help="… within so many seconds.")
@click.option(
    "--patience", "patience_s", type=click.FloatRange(1, 7200), help="Mean patience in seconds; else the scenario's."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def command(
    scenario: str | None,
    load_file: Path | None,
    target: float,
    within_s: float | None,
    patience_s: float | None,
    as_json: bool,
) -> None:
    """Agents needed per half hour and desk of SCENARIO (see `yihu simulate --list`), and in one pool.

    People who are logged in and ready: breaks, training and shifts that cannot follow the calls come on top.
    """
    from cti.simulation.load_file import read_load
    from cti.simulation.scenario import ScenarioError, load
    from cti.simulation.staffing import of_load, of_scenario
    from queues.staffing import Target

    if scenario is None and load_file is None:
        raise click.UsageError("give a scenario (`yihu simulate --list`), a file with --load, or both")
    try:
        day = None if scenario is None else next(iter(load(scenario).values()))
        if day is not None:
            patience_s = patience_s or day.callers.patience_s
            desks = {desk.name: day.handling_s(desk) for desk in day.desk}
            work = of_scenario(day) if load_file is None else of_load(read_load(load_file, desks), desks)
        else:
            assert load_file is not None
            work = of_load(read_load(load_file), _HANDLING_S)
    except ScenarioError as error:
        raise click.ClickException(str(error)) from None
    aim = Target(target, within_s)
    patience_s = patience_s or _PATIENCE_S
    source = " with the calls of ".join(filter(None, (scenario, load_file.name if load_file else None)))
    if as_json:
        _print_json(source, load_file is None, work, aim, patience_s)
    else:
        _print(source, load_file is None, work, aim, patience_s)


def _clock(half_hour: int) -> str:
    return f"{half_hour // 2:02}:{'30' if half_hour % 2 else '00'}"


def _print_json(source: str, synthetic: bool, work: dict[str, list[Work]], aim: Target, patience_s: float) -> None:
    import orjson

    from queues.staffing import together

    rows = []
    for half_hour in range(48):
        cells = {desk: works[half_hour] for desk, works in work.items()} | {"one_pool": together(_at(work, half_hour))}
        rows += [
            {
                "from": _clock(half_hour),
                "desk": desk,
                "calls": round(cell.calls, 1),
                "handling_s": round(cell.handling_s, 1),
                "agents": aim.agents(cell, patience_s),
            }
            for desk, cell in cells.items()
        ]
    head = {"source": source, "synthetic": synthetic, "target": aim.share, "within_s": aim.within_s}
    click.echo(orjson.dumps({**head, "patience_s": patience_s, "rows": rows}, option=orjson.OPT_INDENT_2).decode())


def _print(source: str, synthetic: bool, work: dict[str, list[Work]], aim: Target, patience_s: float) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    from queues.staffing import together

    console = Console()
    when = "" if aim.within_s is None else f" within {aim.within_s:g} s"
    title = f"{'SYNTHETIC  ' if synthetic else ''}{source}: agents for {100 * aim.share:g} % answered{when}"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    numbers = [str(n) for n in range(1, len(work) + 1)]
    for heading in ("from", "calls", "s each", *numbers, "desks", "pool"):
        table.add_column(heading, justify="right", no_wrap=True)
    for half_hour in range(48):
        cells = _at(work, half_hour)
        pool = together(cells)
        agents = [aim.agents(cell, patience_s) for cell in cells]
        table.add_row(
            _clock(half_hour),
            f"{pool.calls:.0f}",
            f"{pool.handling_s:.0f}",
            *(str(count) for count in agents),
            f"[bold]{sum(agents)}[/]",
            f"[bold]{aim.agents(pool, patience_s)}[/]",
        )
    console.print(table)
    calls = together([cell for works in work.values() for cell in works]).calls
    for number, (desk, works) in zip(numbers, work.items(), strict=True):
        its = together(works)
        text = f"{number:>2} {desk}: {100 * its.calls / calls:.1f} % of the calls, {its.handling_s:.0f} s each"
        console.print(text, markup=False, highlight=False)
    console.print(
        f"Agents logged in and ready, by Erlang A; patience {patience_s:g} s on average. A desk's number serves its own"
        " callers alone; one pool is the least that can do, with every agent able to take every call.",
        highlight=False,
    )


def _at(work: dict[str, list[Work]], half_hour: int) -> list[Work]:
    return [works[half_hour] for works in work.values()]
