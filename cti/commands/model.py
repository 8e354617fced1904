"""`yihu model`: which speech models there are, fetching one, choosing one, and whether it works."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cti.settings import Settings


@click.group("model")
def command() -> None:
    """Speech models: list, get, use, check. Without one everything works, minus speech."""


@command.command("list")
@click.pass_obj
def list_models(settings: Settings) -> None:
    """Show what is installed, what can be had, and which one is used."""
    from rich.console import Console
    from rich.table import Column, Table

    from cti.speech import models

    chosen = models.choose(settings.speech.model, settings.models_dir)
    there = models.installed(settings.models_dir)
    table = Table(Column("model", no_wrap=True), "archive", "installed", "about")
    for name in sorted({*there, *models.OFFICIAL, models.DEMO}):
        known = models.OFFICIAL.get(name)
        size = f"{known.size_bytes / 1e6:.0f} MB" if known else ""
        about = models.DEMO_LABEL if name == models.DEMO else known.about if known else ""
        used = "in use" if chosen.folder is not None and name == chosen.name else ""
        table.add_row(name, size, used or ("yes" if name in there else ""), about)
    Console().print(table)
    click.echo(chosen.text)


@command.command()
@click.argument("name")
@click.option(
    "--file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Its archive, fetched before."
)
@click.option("--sha256", default="", help="Of the archive, for a model that this release has no checksum of.")
@click.pass_obj
def get(settings: Settings, name: str, file: Path | None, sha256: str) -> None:
    """Install the model NAME: fetch it, or take --file; compare its checksum, unpack it, and use it from now on."""
    from cti.speech import models
    from cti.speech.model_fetch import fetch

    known = models.OFFICIAL.get(name)
    expected = (known.sha256 if known else "") or sha256.lower()
    folder = settings.models_dir
    try:
        if not name.replace("-", "").replace(".", "").replace("_", "").isalnum() or name.startswith("."):
            raise models.ModelError(f"{name!r} is no name of a model")
        if file is None and known is None:
            raise models.ModelError(f"{name} is not one of {', '.join(models.OFFICIAL)}: give its archive with --file")
        if not expected and file is not None:
            raise models.ModelError(
                f"{file.name}: compare its sha256 {models.checksum(file)} with its publisher's, "
                "and give it with --sha256"
            )
        if not expected:
            raise models.ModelError(
                f"this release has no checksum of {name}: ask its publisher, and give it by --sha256"
            )
        archive = file or folder / f"{name}.zip"
        if file is None and known is not None:
            with click.progressbar(length=known.size_bytes, label=f"fetching {name}") as bar:
                fetch(known.url, archive, bar.update)
        with click.progressbar(length=archive.stat().st_size, label="checking") as bar:
            models.install(archive, name, expected, folder, bar.update)
        if file is None:
            archive.unlink()
        models.use(name, folder)
    except models.ModelError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{folder}: {error.strerror or error}") from None
    click.echo(f"{name} is installed in {folder / name}, and used from the next start on")
    if settings.speech.model not in ("", name):
        click.echo(f"but speech.model of the settings says {settings.speech.model}: take it out")


@command.command()
@click.argument("name")
@click.pass_obj
def use(settings: Settings, name: str) -> None:
    """Use the installed model NAME from the next start on; "off": no speech."""
    from cti.speech import models

    try:
        models.use(name, settings.models_dir)
    except models.ModelError as error:
        raise click.ClickException(str(error)) from None
    click.echo(models.choose(settings.speech.model, settings.models_dir).text)


@command.command()
@click.pass_obj
def check(settings: Settings) -> None:
    """Say which model is used, load it as a worker does, and how fast it is; exit code 1 if it does not work."""
    import asyncio

    from cti.speech import models
    from cti.speech.budget import streams_of_worker
    from cti.speech.worker_command import try_worker
    from cti.speech.worker_process import WorkerFailed

    chosen = models.choose(settings.speech.model, settings.models_dir)
    click.echo(chosen.text)
    if chosen.folder is None:
        raise SystemExit(0 if chosen.name == models.OFF else 1)
    try:
        ready = asyncio.run(try_worker(chosen.folder, settings.log_dir / "speech.log"))
    except WorkerFailed as error:
        raise click.ClickException(f"it cannot be loaded: {error}; more in {settings.log_dir / 'speech.log'}") from None
    speed = "unknown" if ready.real_time is None else f"{ready.real_time:.3f} s of processor a second of speech"
    click.echo(
        f"a worker needs {ready.rss_mb:.0f} MB and {speed}: {streams_of_worker(ready.real_time)} live streams; "
        f"phrase lists of nodes: {'yes' if ready.phrases else 'no, its graph is fixed'}"
    )
