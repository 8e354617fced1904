"""`yihu call`: one real call into the running stack, and what becomes of it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

if TYPE_CHECKING:
    from rich.console import Console

    from cti.calls import Milestone
    from cti.demo.draft import Heard
    from cti.metrics.record import CallRecord
    from cti.settings import Settings


class _Made(click.ParamType[str]):
    """Text made of these characters alone."""

    def __init__(self, allowed: str, name: str) -> None:
        self.allowed, self.name = allowed, name

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if set(value) - set(self.allowed):
            self.fail(f"{value!r}: only {self.allowed} can be in it", param, ctx)
        return value


_NUMBER, _KEYS = _Made("0123456789+", "number"), _Made("0123456789*#", "keys")


@click.command("call")
@click.option("--to", "dialled", default="12345", show_default=True, type=_NUMBER, help="The number dialled.")
@click.option("--from", "caller", default="13800138000", show_default=True, type=_NUMBER, help="The caller's number.")
@click.option("--keys", default="", type=_KEYS, help="Keys to press, one every two seconds: 1, or 31.")
@click.option("--say", default="", help="What the caller says to the agent: a shipped sample or a WAV file.")
@click.option(
    "--hold", "hold_s", type=click.FloatRange(0.5, 3600), help="Seconds of talk; default as long as what is said."
)
@click.option("--rate-key", default="1", show_default=True, type=_KEYS, help="Key pressed in the survey.")
@click.option(
    "--agent",
    type=click.Choice(["auto", "none"]),
    default="auto",
    show_default=True,
    help="auto: a built-in test agent answers when no agent is ready; none: only real ones.",
)
@click.pass_obj
def command(
    settings: Settings, dialled: str, caller: str, keys: str, say: str, hold_s: float | None, rate_key: str, agent: str
) -> None:
    """Place one real SIP call into the running stack and print its timeline as it happens; with --say also what of it
    is in the ticket."""
    from rich.console import Console

    from cti.demo.audio import SoundError
    from cti.demo.cleanly import run_cleanly
    from cti.demo.client import Stack, StackAway, StackRefused
    from cti.demo.draft import filled_from_speech, hears
    from cti.demo.narrate import narrate
    from cti.demo.single import CallFailed, Wish, call_once
    from cti.demo.sipp import SippError
    from cti.programs import ProgramMissing
    from cti.tickets.form import FormError, load_form

    console = Console(highlight=False)
    began: list[float] = []

    def tell(milestone: Milestone) -> None:
        began.append(milestone.at)
        console.print(f"{milestone.at - began[0]:8.3f} s  {narrate(milestone)}", markup=False)

    async def calls() -> tuple[CallRecord, list[Heard] | None]:
        record = await call_once(settings, wish, tell)
        async with Stack(settings) as stack:
            if not say or not record.agents or not await hears(stack):
                return record, None
            return record, await filled_from_speech(stack, record.call_id, load_form(settings.documents / "tickets"))

    wish = Wish(dialled, caller, keys, say, hold_s, rate_key, with_agent=agent == "auto")
    try:
        record, heard = run_cleanly(calls())
    except (StackAway, StackRefused, CallFailed, SippError, SoundError, ProgramMissing, FormError) as error:
        raise click.ClickException(str(error)) from None
    _print(console_width=console.width, record=record, zone=ZoneInfo(settings.city.timezone))
    if heard is not None:
        print_heard(console, heard)


def print_heard(console: Console, heard: list[Heard]) -> None:
    """The last of what is printed with --say."""
    from rich.table import Table

    table = Table("field", "heard", "sure", title="The ticket's draft, from what was said", title_justify="left")
    for one in heard:
        table.add_row(one.label, one.value, f"{one.confidence:.2f}")
    console.print(table if heard else "Nothing that was said is in the ticket's draft.")


def _print(console_width: int, record: CallRecord, zone: ZoneInfo) -> None:
    from rich.console import Console
    from rich.table import Table

    from cti.logs import mask

    def moment(at: float | None) -> str:
        return "–" if at is None else datetime.fromtimestamp(at, zone).strftime("%H:%M:%S.%f")[:-3]

    table = Table(title="The record", title_justify="left", show_header=False)
    rows = {
        "call": record.call_id,
        "caller": str(mask(record.pii_caller)),
        "dialled": f"{record.dialled} ({record.city}, {record.mode})",
        "flow": f"{record.flow}, version {record.flow_version}: {' > '.join(record.path)}",
        "arrived": moment(record.arrived_at),
        "asked for a person": moment(record.human_asked_at),
        "queue": f"{record.queue or '–'}, since {moment(record.queued_at)}",
        "answered": f"{moment(record.answered_at)} by {', '.join(record.agents) or 'nobody'}",
        "waited": "–" if record.wait_total_s is None else f"{record.wait_total_s:.1f} s from arrival",
        "talked": f"{record.talk_s:.1f} s",
        "recording": ", ".join(one.file for one in record.recordings) or "none",
        "rating": "none" if record.score is None else f"{record.score} of {record.survey_scale}",
        "ended": f"{moment(record.ended_at)} by {record.ended_side}",
        "lost": record.lost_at or "no",
    }
    for name, value in rows.items():
        table.add_row(name, value)
    Console(width=console_width).print(table)
