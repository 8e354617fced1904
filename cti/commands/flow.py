"""`yihu flow`: check a flow file, draw it, walk it by hand. Needs no daemon and no telephone."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

import click

from cti.settings import Settings

if TYPE_CHECKING:
    from cti.numbers import NumberTable
    from ivr_flows.model import Flow
    from ivr_flows.prompts import Catalogue
    from ivr_flows.session import Session
    from ivr_flows.words import Command, Event


class _Caller(Protocol):
    def answer(self, command: Command) -> Event: ...


@click.group("flow")
def command() -> None:
    """Check, draw and walk the flows that calls follow."""


@command.command("check")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def check(settings: Settings, files: tuple[Path, ...]) -> None:
    """Check FILES, or every flow of the settings. Exit code 1 if one of them cannot be used."""
    from cti.flow_files import flow_paths
    from cti.flow_matters import form_of, unknown_matters
    from ivr_flows.errors import FlowError

    paths = files or tuple(flow_paths(settings.flows, settings.own_flows).values())
    if not paths:
        raise click.ClickException(f"{settings.flows}: no flow file (*.yaml) here; correct `flows` in the settings")
    catalogue = _catalogue(settings)
    bad = 0
    for path in paths:
        try:
            flow = _load(settings, catalogue, path)
        except FlowError as error:
            bad += 1
            for fault in error.faults:
                click.echo(f"{path.parent / fault}")
            continue
        if unknown := list(unknown_matters(flow, form_of(settings.documents / "tickets"))):
            bad += 1
            for _, what in unknown:
                click.echo(f"{path}: {what}")
            continue
        for warning in flow.warnings:
            click.echo(f"{path.parent / warning} (warning)")
        click.echo(f"{path}: good, version {flow.version}, {len(flow.nodes)} nodes")
    if bad:
        raise click.exceptions.Exit(1)


@command.command("draw")
@click.argument("name")
@click.option("--mermaid", is_flag=True, help="A Mermaid flowchart instead of a tree.")
@click.option("--texts", is_flag=True, help="The words of the prompts instead of their ids.")
@click.pass_obj
def draw(settings: Settings, name: str, mermaid: bool, texts: bool) -> None:
    """Draw the flow NAME (or a file) from the data that calls follow."""
    from ivr_flows import draw as drawing

    catalogue = _catalogue(settings)
    flow = _find(settings, catalogue, name)
    words = _words(settings, catalogue, flow.languages[0]) if texts else lambda prompt: prompt
    click.echo((drawing.mermaid if mermaid else drawing.tree)(flow, words))


@command.command("dry-run")
@click.argument("name")
@click.option("--dialled", help="Number dialled; default: the first number of the settings that has this flow.")
@click.option("--at", "at_text", metavar="TIME", help="Local time as 2026-11-23T10:00; default now.")
@click.option(
    "--keys",
    help="What the caller does: keys when asked, - silence, +K a key K during a prompt or a wait, n nobody is logged "
    "in, h hangs up. Without it you are asked.",
)
@click.option(
    "--say", "said", multiple=True, help="A sentence of the caller, where he is asked for one or leaves a message."
)
@click.option("--short", is_flag=True, help="As while very many are calling: the short prompts.")
@click.pass_obj
def dry_run(
    settings: Settings,
    name: str,
    dialled: str | None,
    at_text: str | None,
    keys: str | None,
    said: tuple[str, ...],
    short: bool,
) -> None:
    """Walk one call through the flow NAME (or a file) and print what the caller hears and what is done."""
    from cti.city_days import DAYS, read_days
    from cti.toml_file import TomlRefused
    from cti.watched_file import read_document
    from ivr_flows.errors import CalendarError, FlowStateError
    from ivr_flows.rehearsal import ScriptedCaller, ScriptError
    from ivr_flows.session import begin
    from ivr_flows.words import Started

    catalogue = _catalogue(settings)
    flow = _find(settings, catalogue, name)
    table = _numbers(settings)
    numbers = {did.number: did for did in table.did if did.flow == flow.name}
    dialled = dialled or next(iter(numbers), table.unknown_number)
    did = numbers.get(dialled)
    started = Started(dialled, did.mode if did else "merged", _time(settings, at_text), short)
    try:
        caller: _Caller = ScriptedCaller(keys or "", said) if keys is not None or said else _AskedCaller()
        calendar = read_document(settings.documents / "calendar.toml", read_days, DAYS)
        session, commands = begin(
            flow, started, calendar, entry=did.entry if did else "", survey_scale=settings.calls.survey_scale
        )
    except (ScriptError, CalendarError, FlowStateError, TomlRefused) as error:
        raise click.ClickException(str(error)) from None
    day = calendar.day(started.at.date())
    provisional = " (the year's holidays are not known yet)" if day.provisional else ""
    click.echo(f"flow {flow.name}, version {flow.version}; {dialled} dialled, {started.mode}")
    click.echo(f"{started.at:%Y-%m-%d %H:%M, %A}, by the calendar: {day.kind}{provisional}")
    _walk(settings, catalogue, flow, session, commands, caller)


def _walk(
    settings: Settings, catalogue: Catalogue, flow: Flow, session: Session, commands: list[Command], caller: _Caller
) -> None:
    from ivr_flows.errors import FlowStateError
    from ivr_flows.rehearsal import tell, tell_event
    from ivr_flows.session import Phase, step
    from ivr_flows.words import Prompt

    while True:
        words = _words(settings, catalogue, session.language)

        def text(prompt: Prompt, words: _Words = words) -> str:
            return words(prompt.id) if prompt.say is None else f"<{prompt.say} {prompt.value}>"

        for line in tell(commands, text):
            click.echo(line)
        if session.phase in (Phase.CLOSING, Phase.ENDED):
            return
        event = caller.answer(commands[-1])
        try:
            session, commands = step(flow, session, event)
        except FlowStateError as error:  # only a person at the keyboard can ask for it
            click.echo(f"  ! {error}")
            continue
        click.echo(f"  > {tell_event(event)}")


class _AskedCaller:
    """Whoever sits at the keyboard is the caller. End of input hangs up."""

    def answer(self, command: Command) -> Event:
        from ivr_flows.rehearsal import ScriptedCaller, ScriptError
        from ivr_flows.words import (
            CallerLeft,
            Heard,
            Listen,
            Play,
            RecordMessage,
            Route,
            RouteEnded,
            Transfer,
            TransferEnded,
        )

        match command:
            case Play():
                question = "a key to cut in, Enter to listen"
            case Listen():
                question = "a sentence, Enter for silence"
            case Route():
                says = "; a sentence about what it is" if command.ask is not None else ""
                question = (
                    f"Enter: an agent talks to you; a key that leaves; -: wait in vain; n: nobody is logged in{says}"
                )
            case RecordMessage():
                question = "a message, Enter for silence, 0 for a person"
            case Transfer():
                question = "Enter: connected; n: not connected"
            case _:
                question = "keys, Enter for silence"
        try:
            typed = click.prompt(f"  ? {question} (h hangs up)", default="", show_default=False).strip()
        except click.Abort:
            click.echo("")
            return CallerLeft()
        if typed == "h":
            return CallerLeft()
        match command:
            case Listen():
                return (
                    Heard(typed or None, 1.0) if not (typed.isdigit() and len(typed) == 1) else Heard(None, digit=typed)
                )
            case Transfer():
                return TransferEnded(typed != "n")
            case Route() if typed in ("-", "n"):
                return RouteEnded("gave_up" if typed == "-" else "no_seat")
            case Route() if command.ask is not None and typed and not set(typed) <= set("0123456789*#"):
                return RouteEnded("said", heard=Heard(typed, 1.0))
            case RecordMessage() if typed not in ("", "0"):
                return ScriptedCaller(said=[typed]).answer(command)
            case Play() | Route() if typed:
                typed = f"+{typed[0]}"
            case _:
                pass
        try:
            return ScriptedCaller(typed).answer(command)
        except ScriptError as error:
            click.echo(f"  ! {error}")
            return self.answer(command)


class _Words(Protocol):
    def __call__(self, prompt: str, /) -> str: ...


def _words(settings: Settings, catalogue: Catalogue, language: str) -> _Words:
    language = language if language in catalogue.languages else catalogue.languages[0]
    return lambda prompt: catalogue.text(prompt, language, settings.city.name)


def _catalogue(settings: Settings) -> Catalogue:
    from ivr_flows.prompts import PromptError, load_catalogue

    try:
        return load_catalogue(own=settings.documents / "prompts")
    except PromptError as error:
        raise click.ClickException(str(error)) from None


def _load(settings: Settings, catalogue: Catalogue, path: Path) -> Flow:
    from cti.flow_files import read_flow_text
    from cti.speech.prompt_files import PromptFiles, PromptFilesError
    from ivr_flows.loader import load
    from ivr_flows.prompts import MAIN_LANGUAGE

    name = path.stem
    entries = _numbers(settings).entries().get(name, set())
    try:
        seconds = PromptFiles(own=settings.documents / "sounds").durations(MAIN_LANGUAGE)
    except PromptFilesError as error:
        raise click.ClickException(str(error)) from None
    return load(read_flow_text(path), name, catalogue.ids(), settings.transfers, durations=seconds, entries=entries)


def _find(settings: Settings, catalogue: Catalogue, name: str) -> Flow:
    """By the name of a flow of the settings, or by a path."""
    from cti.flow_files import flow_paths
    from ivr_flows.errors import FlowError

    here = flow_paths(settings.flows, settings.own_flows)
    path = Path(name) if name.endswith(".yaml") else here.get(name, settings.flows / f"{name}.yaml")
    if not path.exists():
        known = ", ".join(sorted(here))
        raise click.ClickException(f"{path}: no such flow; flows of the settings: {known}")
    try:
        return _load(settings, catalogue, path)
    except FlowError as error:
        raise click.ClickException("\n".join(f"{path.parent / fault}" for fault in error.faults)) from None


def _numbers(settings: Settings) -> NumberTable:
    from cti.numbers import NUMBERS, read_numbers
    from cti.toml_file import TomlRefused
    from cti.watched_file import read_document

    try:
        return read_document(settings.documents / "numbers.toml", read_numbers, NUMBERS)
    except TomlRefused as error:
        raise click.ClickException(str(error)) from None


def _time(settings: Settings, text: str | None) -> datetime:
    zone = ZoneInfo(settings.city.timezone)
    if text is None:
        return datetime.now(zone)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("write it as 2026-11-23T10:00", param_hint="--at") from None
    return at.replace(tzinfo=zone) if at.tzinfo is None else at.astimezone(zone)
