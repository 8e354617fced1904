"""What Asterisk noted alone is read when it can be read."""

from __future__ import annotations

import asyncio
from pathlib import Path
from unittest.mock import create_autospec

import pytest
from structlog.testing import capture_logs

from cti import served_alone
from cti.contact import Recordings
from cti.exchange import Exchange
from cti.served_alone import ServedAlone
from cti.storage.journal import Journal


async def test_a_disk_that_fails_is_said_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0
    again = asyncio.Event()

    def look(folder: Path) -> bool:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise OSError(5, "Input/output error")
        again.set()
        return False

    async def recorded(call_id: object) -> list[object]:
        return []

    monkeypatch.setattr(served_alone, "has_spool", look)
    monkeypatch.setattr(served_alone, "_EVERY_S", 0.01)
    exchange, recordings = create_autospec(Exchange, instance=True), create_autospec(Recordings, instance=True)
    journal = create_autospec(Journal, instance=True)
    alone = ServedAlone(exchange, recordings, tmp_path, journal, recorded, lambda dialled: {})  # type: ignore[arg-type]
    with capture_logs() as logs:
        running = asyncio.create_task(alone.run())
        async with asyncio.timeout(3):
            await again.wait()
    running.cancel()
    await asyncio.wait({running})
    assert [row["event"] for row in logs] == ["spool_import_postponed"]
    assert alone.read.is_set()
