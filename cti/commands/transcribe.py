"""`yihu transcribe`: recordings of calls into words, with progress."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cti.settings import Settings
    from cti.storage.sql import SqlStore
    from cti.storage.transcript_store import TranscriptStore
    from cti.transcribing import Part

_DAY_S = 86_400.0


@click.command("transcribe")
@click.argument("calls", nargs=-1)
@click.option("--backlog", is_flag=True, help="All recordings of which there are no words yet.")
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 3660), help="So far back.")
@click.option("--dry-run", is_flag=True, help="Say what there is to do, and do nothing.")
@click.pass_obj
def command(settings: Settings, calls: tuple[str, ...], backlog: bool, days: int, dry_run: bool) -> None:
    """Transcribe the recordings of these CALLS anew, or all that are missing (--backlog).

    A running daemon does so by itself after each call; this is for what it could not do: before there was a model, with
    too slow a machine, or to replace the words of an older model. Exit code 1 if some could not be transcribed.
    """
    import asyncio

    from cti.speech import models
    from cti.speech.worker_command import try_worker
    from cti.speech.worker_process import WorkerFailed
    from cti.storage.sql import SqlStore
    from cti.storage.sql_transcripts import SqlTranscripts
    from cti.storage.store import StoreError

    if bool(calls) == backlog:
        raise click.UsageError("name calls, or say --backlog")
    chosen = models.choose(settings.speech.model, settings.models_dir)
    try:
        store = SqlStore.open(settings.sql_url)
        try:
            transcripts = SqlTranscripts(store)
            todo = _todo(settings, store, transcripts, calls, days)
            seconds = sum(part.seconds for part in todo)
            click.echo(f"{len(todo)} recordings, {seconds / 3600:.1f} h of sound; {chosen.text}")
            if dry_run or not todo:
                return
            if chosen.folder is None:
                raise SystemExit(1)
            asyncio.run(try_worker(chosen.folder, settings.log_dir / "speech.log"))
            failed = _transcribe_all(settings, chosen.folder, chosen.name, transcripts, todo)
        finally:
            store.close()
    except StoreError as error:
        raise click.ClickException(str(error)) from None
    except WorkerFailed as error:
        raise click.ClickException(f"the model cannot be loaded: {error}; see yihu model check") from None
    if failed:
        raise SystemExit(1)


def _todo(
    settings: Settings, store: SqlStore, transcripts: TranscriptStore, calls: Sequence[str], days: int
) -> list[Part]:
    from cti.calls import CallId
    from cti.transcribing import language_of, missing

    if calls:
        named = []
        for call in calls:
            call_id = store.find(call) or CallId(call)
            if (record := store.call(call_id)) is None:
                raise click.ClickException(f"{call}: there is no such call, or it has not ended")
            named.append(record)
        return missing(named, set())
    now = time.time()
    records = store.calls(now - days * _DAY_S, now + 1)
    found = missing(records, transcripts.segments([record.call_id for record in records]))
    return [part for part in found if language_of(store.milestones(part.call_id)) in settings.speech.languages]


def _transcribe_all(
    settings: Settings, model: Path, name: str, transcripts: TranscriptStore, todo: Sequence[Part]
) -> int:
    """How many failed. The first Ctrl-C ends it; what is done is kept."""
    import asyncio
    import functools
    import logging

    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from cti import logs
    from cti.demo.cleanly import run_cleanly
    from cti.speech.worker_command import default_workers
    from cti.speech_house import make_pool
    from cti.storage.worker import Worker
    from cti.transcriber import TranscriptionFailed
    from cti.transcribing import transcribe
    from recordings.spoken import LIVE

    logs.set_up(logging.WARNING)
    reasons: dict[str, int] = {}

    async def run() -> None:
        pool = make_pool(settings, model, name)
        working = asyncio.create_task(pool.run())
        worker, waiting = Worker("transcripts"), list(reversed(todo))
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        try:
            with Progress(*columns) as progress:
                task = progress.add_task("recordings", total=len(todo))

                async def one_after_the_other() -> None:
                    while waiting:
                        part = waiting.pop()
                        try:
                            spoken = await transcribe(part, settings.recordings_dir, pool, time.time)
                        except TranscriptionFailed as failed:
                            reasons[failed.code] = reasons.get(failed.code, 0) + 1
                        else:
                            put = functools.partial(transcripts.put, instead=[LIVE] if part.last else [])
                            await worker.run(put, spoken)
                        progress.advance(task)

                async with asyncio.TaskGroup() as group:
                    for _ in range(settings.speech.workers or default_workers()):
                        group.create_task(one_after_the_other())
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            worker.stop()

    run_cleanly(run())
    for reason, count in reasons.items():
        click.echo(f"{count} not transcribed: {reason}", err=True)
    return sum(reasons.values())
