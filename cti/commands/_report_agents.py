"""The agents' part of `yihu report`: times by state, occupancy and adherence, as a table."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from cti.metrics.agents import AgentDay

_COLUMNS = (
    "Talks",
    "Logged in",
    "Idle",
    "Talk",
    "Hold",
    "Wrap-up",
    "Break",
    "Other",
    "Occupancy",
    "Adherence",
    "Missed",
)


def print_agents(days: Sequence[AgentDay], title: str) -> None:
    """Times as h:mm:ss."""
    table = Table(title=title, title_justify="left")
    table.add_column("Agent")
    for column in _COLUMNS:
        table.add_column(column, justify="right", no_wrap=True)
    for day in days:
        times = day.times
        breaks = sum(seconds for reason, seconds in times.not_ready.items() if reason.startswith("break:"))
        other = sum(times.not_ready.values()) - breaks + times.not_answering + times.offered
        spent = (times.logged_in, times.idle, times.talking, times.held, times.wrap_up, breaks, other)
        table.add_row(
            day.agent,
            str(day.talks),
            *(_clock(seconds) for seconds in spent),
            _share(times.occupancy),
            _share(day.adherence),
            str(sum(day.failed_offers.values())),
        )
    console = Console()
    console.print(table)
    console.print("Occupancy 占用率: (talk + hold + wrap-up) / (that + idle)")
    console.print("Adherence 遵时率: logged in and not on a break / planned by the schedule")


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"
