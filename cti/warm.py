"""The daemon that waits for its turn: it drains its own journal, answers for its health, and takes no calls."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from cti.pair import Pair, health_of
from cti.ready import say_ready, take_back_ready
from cti.settings import Settings
from cti.storage.records import Records
from cti.tls import server_tls
from cti.web.pair import make_warm_app, promise_route


@asynccontextmanager
async def warm(settings: Settings, pair: Pair, records: Records) -> AsyncIterator[None]:
    """OSError if the web port cannot be listened on."""

    def health() -> dict[str, Any]:
        parts = {
            "journal": health_of(records.journal.state),
            "records": health_of(records.drainer.state) | {"behind_s": records.drainer.behind_s},
            "pair": health_of(pair.state),
        }
        ok = all(part["ok"] for part in parts.values())
        return {"ok": ok, "role": "warm", "pid": os.getpid(), "active": settings.pair.peer, "parts": parts}

    app = make_warm_app(promise_route(pair.secret, pair.promise), health, settings.pair.peer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    try:
        await runner.setup()
        await web.TCPSite(runner, settings.web.host, settings.web.port, ssl_context=server_tls(settings)).start()
        say_ready(settings, {"role": "warm", "active": settings.pair.peer})
        yield
    finally:
        take_back_ready(settings)
        await runner.cleanup()
