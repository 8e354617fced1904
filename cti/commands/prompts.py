"""`yihu prompts`: what callers hear, whether each of it has its recording, and rendering what has not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cti.settings import Settings
    from cti.speech.prompt_files import PromptFiles
    from ivr_flows.prompts import Catalogue


@click.group("prompts")
def command() -> None:
    """The prompts that callers hear: list, check, render."""


@command.command("list")
@click.option("--language", default=None, help="Only this language.")
@click.pass_obj
def list_prompts(settings: Settings, language: str | None) -> None:
    """Show every prompt: id, seconds, voice, text."""
    from rich.console import Console
    from rich.table import Table

    catalogue, files = _catalogue(settings), _files(settings)
    if language is not None and language not in catalogue.languages:
        raise click.ClickException(f"no prompts in {language!r}; there are {', '.join(catalogue.languages)}")
    for each in [language] if language else catalogue.languages:
        table = Table("id", "s", "voice", "text", title=each, title_justify="left")
        seconds = files.durations(each)
        for prompt_id in catalogue.ids():
            length = f"{seconds[prompt_id]:.1f}" if prompt_id in seconds else "-"
            text = catalogue.text(prompt_id, each, settings.city.name)
            table.add_row(prompt_id, length, files.source(prompt_id, each), text)
        Console().print(table)


@command.command()
@click.pass_obj
def check(settings: Settings) -> None:
    """Say which recordings are missing, stale, orphaned or unplayable; exit code 1 if any is."""
    catalogue = _catalogue(settings)
    findings = list(_files(settings).check(catalogue, settings.city.name))
    for finding in findings:
        click.echo(f"{finding.problem:<10} {finding.language}/{finding.prompt_id}: {finding.remedy}")
    if findings:
        raise SystemExit(1)
    languages = ", ".join(catalogue.languages)
    click.echo(f"{len(catalogue.ids())} prompts in {languages}: every recording is there and says its text")


@command.command()
@click.option("--voice", type=click.Choice(["kokoro", "espeak"]), default=None, help="Default: the best one installed.")
@click.option("--only", multiple=True, metavar="ID", help="Render this prompt, even if it is up to date. Repeatable.")
@click.option("--shipped", is_flag=True, help="The recordings that come with the project, for those who make it.")
@click.pass_obj
def build(settings: Settings, voice: str | None, only: tuple[str, ...], shipped: bool) -> None:
    """Render what is missing or whose text has changed; needs a voice (docs: asterisk-config/sounds/README.md)."""
    from cti.speech import prompt_build
    from cti.speech.errors import SpeechError
    from cti.speech.prompt_files import SOUNDS
    from cti.speech.voices import installed_voices
    from ivr_flows.prompts import load_catalogue

    catalogue = load_catalogue() if shipped else _catalogue(settings)
    if unknown := set(only) - set(catalogue.ids()):
        raise click.ClickException(f"no prompt {sorted(unknown)[0]!r} in the catalogue; see yihu prompts list")
    city = settings.city.name
    voices = installed_voices()
    if voice is not None:
        if voice not in voices:
            raise click.ClickException(f"the voice {voice} is not installed; see asterisk-config/sounds/README.md")
        voices = {voice: voices[voice], **voices}
    try:
        if shipped:
            folder = SOUNDS
            removed = prompt_build.remove_orphans(SOUNDS, catalogue)
            jobs = prompt_build.due(SOUNDS, catalogue, city, only)
        else:
            folder, removed = settings.documents / "sounds", []
            wrong = _files(settings).check(catalogue, city)
            jobs = [(f.language, f.prompt_id) for f in wrong if f.problem in ("missing", "stale") and not only]
            jobs += [(language, prompt_id) for language in catalogue.languages for prompt_id in only]
        used: set[str] = set()
        if jobs:
            work = prompt_build.build(jobs, folder, catalogue, city, voices)
            with click.progressbar(work, length=len(jobs), label="rendering", item_show_func=_shown) as progress:
                used = {made.voice for _, made in progress}
    except SpeechError as error:
        raise click.ClickException(str(error)) from None
    except ImportError as error:
        raise click.ClickException(f"rendering needs the package {error.name}: pip install 'yihu[voices]'") from None
    spoken_by = f" by {', '.join(sorted(used))}" if used else ""
    click.echo(f"rendered {len(jobs)}{spoken_by}, removed {len(removed)}; Asterisk plays the new files from now on")


def _shown(item: object) -> str | None:
    """What the progress bar names: language/id."""
    return "/".join(item[0]) if isinstance(item, tuple) else None


def _catalogue(settings: Settings) -> Catalogue:
    from ivr_flows.prompts import PromptError, load_catalogue

    try:
        return load_catalogue(own=settings.documents / "prompts")
    except PromptError as error:
        raise click.ClickException(str(error)) from None


def _files(settings: Settings) -> PromptFiles:
    from cti.speech.errors import SpeechError
    from cti.speech.prompt_files import PromptFiles

    try:
        return PromptFiles(own=settings.documents / "sounds")
    except SpeechError as error:
        raise click.ClickException(str(error)) from None
