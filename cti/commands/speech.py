"""`yihu speech`: speech workers on machines of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cti.settings import Settings


@click.group("speech")
def command() -> None:
    """Speech workers on machines of their own."""


@command.command()
@click.pass_obj
def work(settings: Settings) -> None:
    """Transcribe recordings that the city's daemon hands over by Redis (redis.url), until Ctrl-C or SIGTERM."""
    import asyncio
    import os
    import socket

    from cti import logs
    from cti.demo.cleanly import run_cleanly
    from cti.speech.models import choose
    from cti.speech_house import work_for_city

    if not settings.redis.url:
        raise click.ClickException("redis.url of the settings is empty: name the Redis of the city")
    chosen = choose(settings.speech.model, settings.models_dir)
    click.echo(chosen.text)
    if chosen.folder is None:
        raise SystemExit(1)
    logs.set_up()
    try:
        run_cleanly(work_for_city(settings, chosen, f"{socket.gethostname()}-{os.getpid()}"))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return
