"""The daemon's process: waits for its turn, reads its settings, runs the daemon, and ends with a code that says how.

Nobody imports this. `python -m cti.main`, started by the supervisor (cti/daemon_process.py) with YIHU_SETTINGS,
YIHU_HEARTBEAT_FD and YIHU_GO_FD, on which one byte says that it is to begin.
Exit code 0: asked to stop; 78: settings, flows or ports are wrong; anything else is a crash.
"""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import sys

from agents.roster import RosterError
from cti import logs
from cti.asterisk.agi import AgiError
from cti.daemon import Daemon
from cti.secrets import load_or_create
from cti.settings import SettingsError, load_settings
from cti.storage.journal import JournalError
from cti.storage.store import StoreError
from ivr_flows.errors import FlowError

EX_CONFIG = 78


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


def main() -> int:
    if not _stand_by():
        return 0
    logs.set_up()
    # Two descriptors a call, and a thousand connections of a stranger must not keep a caller out.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    try:
        settings = load_settings()
        os.umask(0o077)
        for folder in (settings.run_dir, settings.journal_dir, settings.recordings_dir, settings.spool_dir):
            folder.mkdir(parents=True, exist_ok=True)
        daemon = Daemon(settings, load_or_create(settings))
        asyncio.run(daemon.run())
    except (SettingsError, FlowError, RosterError, AgiError, JournalError, StoreError) as error:
        sys.stderr.write(f"yihu: {error}\n")
        return EX_CONFIG
    except BaseExceptionGroup as group:
        wrong, other = group.split((AgiError, OSError))
        if other is not None or wrong is None:
            raise
        for fault in wrong.exceptions:
            sys.stderr.write(f"yihu: {fault}\n")
        return EX_CONFIG
    return 0


if __name__ == "__main__":
    sys.exit(main())
