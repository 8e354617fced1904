"""The daemon's process: waits for its turn, reads its settings, runs the daemon, and ends with a code that says how.

Nobody imports this. `python -m cti.main`, started by the supervisor (cti/daemon_process.py) with YIHU_SETTINGS,
YIHU_HEARTBEAT_FD and YIHU_GO_FD, on which one byte says that it is to begin.
Exit code 0: asked to stop; 75: another daemon decides now; 78: settings, flows or ports are wrong; anything else is a
crash.
"""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import signal
import sys
from collections.abc import Iterator

from agents.roster import RosterError
from cti import logs
from cti.asterisk.agi import AgiError
from cti.daemon import Daemon
from cti.pair import Pair
from cti.secrets import Secrets, SecretsError, load_or_create
from cti.settings import Settings, SettingsError, load_settings
from cti.storage.journal import JournalError
from cti.storage.records import Records
from cti.storage.store import StoreError
from cti.toml_file import TomlRefused
from cti.warm import warm
from ivr_flows.errors import FlowError

EX_CONFIG = 78
_WRONG = (SettingsError, SecretsError, TomlRefused, FlowError, RosterError, AgiError, JournalError, StoreError)
"""What an administrator has to put right."""
_SWITCH_S = 0.0005
"""How long a thread may keep the loop waiting."""
_BEAT_S = 0.2
_AT_ONCE_S = 0.3
"""Who gets the lease within this time is not announced as the warm daemon first."""


def _stand_by() -> bool:
    """Waits until the supervisor says that our turn has come, everything imported; False if it has ended instead."""
    fd = os.environ.get("YIHU_GO_FD")
    if fd is None:
        return True
    # What was imported stays for ever: the collector need not look at it in the middle of a call.
    gc.collect()
    gc.freeze()
    try:
        return bool(os.read(int(fd), 1))
    finally:
        os.close(int(fd))


async def _serve(settings: Settings, secrets: Secrets) -> None:
    """Waits for our turn to decide, then serves calls, until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    records = Records(settings)
    pair = Pair(settings, secrets.pair, records.journal)
    async with asyncio.TaskGroup() as group:
        background = [group.create_task(pair.run()), group.create_task(records.drainer.run())]
        journal = group.create_task(records.journal.run())
        if fd := os.environ.get("YIHU_HEARTBEAT_FD"):
            background.append(group.create_task(_beat(int(fd))))
        try:
            if await _our_turn(settings, pair, records, stop):
                # Who was stopped looks at the lease before anything else that he left undone.
                signal.signal(signal.SIGCONT, lambda *_: pair.may_decide())
                daemon = Daemon(settings, secrets, records, pair, await pair.inherit())
                await daemon.run(stop)
                await pair.give_back()
            await records.drained()
        finally:
            for task in background:
                task.cancel()
            await pair.close()
            if not journal.done():
                await records.journal.close()


async def _our_turn(settings: Settings, pair: Pair, records: Records, stop: asyncio.Event) -> bool:
    """True as soon as this daemon decides; until then it is the warm one. False if it was asked to stop."""
    if await _either(pair.active, stop, _AT_ONCE_S):
        return pair.active.is_set()
    if settings.pair.peer:
        async with warm(settings, pair, records):
            await _either(pair.active, stop)
    else:
        await _either(pair.active, stop)
    return pair.active.is_set()


async def _either(one: asyncio.Event, other: asyncio.Event, limit_s: float | None = None) -> bool:
    """Waits for one of them; False if there was none in time."""
    waits = [asyncio.create_task(event.wait()) for event in (one, other)]
    try:
        done, _ = await asyncio.wait(waits, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    return bool(done)


async def _beat(fd: int) -> None:
    """The sign of life: written by the event loop, so that a hang of the loop is a silence."""
    while True:
        os.write(fd, b".")
        await asyncio.sleep(_BEAT_S)


def main() -> int:
    if not _stand_by():
        return 0
    logs.set_up()
    # Calls wait for whoever reads words into drafts, five milliseconds at each turn by Python's default.
    sys.setswitchinterval(_SWITCH_S)
    # Two descriptors a call, and a thousand connections of a stranger must not keep a caller out.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    try:
        settings = load_settings()
        os.umask(0o077)
        for folder in (settings.run_dir, settings.journal_dir, settings.recordings_dir, settings.spool_dir):
            folder.mkdir(parents=True, exist_ok=True)
        asyncio.run(_serve(settings, load_or_create(settings)))
    except _WRONG as error:
        sys.stderr.write(f"yihu: {error}\n")
        return EX_CONFIG
    except BaseExceptionGroup as group:
        wrong, other = group.split((*_WRONG, OSError))
        if other is not None or wrong is None:
            raise
        for fault in _leaves(wrong):
            sys.stderr.write(f"yihu: {fault}\n")
        return EX_CONFIG
    return 0


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for fault in group.exceptions:
        if isinstance(fault, BaseExceptionGroup):
            yield from _leaves(fault)
        else:
            yield fault


if __name__ == "__main__":
    sys.exit(main())
