"""The film of a talk: what is noted of it is what there is, whatever the disk does."""

from __future__ import annotations

import asyncio
import shutil
import threading
from pathlib import Path, PurePosixPath

import pytest

from agents.roster import Agent
from cti.calls import AgentId, CallFact, CallId, Milestone
from cti.exchange import Exchange
from cti.switchboard import Switchboard
from cti.video import pictures
from cti.video.pictures import PictureRefused, Pictures

CALL, A1 = CallId("n1-1.1"), AgentId("a1")


class Journal:
    def __init__(self) -> None:
        self.noted: list[Milestone] = []

    def append(self, milestone: Milestone) -> None:
        self.noted.append(milestone)


async def test_a_piece_that_a_slow_disk_still_writes_when_the_call_ends_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a disk that stands still for longer than is waited for the end of a film, when the call ends, then what is
    noted is what the file has at last, and nothing is added any more."""
    moves, usage = threading.Event(), shutil.disk_usage

    def slow(path: Path) -> object:
        moves.wait(10)
        return usage(path)

    monkeypatch.setattr(pictures, "_END_LIMIT_S", 0.05)
    monkeypatch.setattr(pictures.shutil, "disk_usage", slow)
    board, journal = Switchboard(0.0), Journal()
    board.set_roster({A1: Agent(A1, A1, {"video": 3})})
    exchange = Exchange(board, journal, lambda: 1_763_700_000.0)
    exchange.call(CallFact.ARRIVED, CALL, {"channel": "PJSIP/x-1", "dialled": "video", "direction": "in"})
    films = Pictures(exchange, tmp_path, lambda call, part: PurePosixPath(f"{call}-{part}.webm"), 1_000_000, 0)
    part = await films.begin(CALL, A1)
    writing = asyncio.create_task(films.append(CALL, part, 0, b"film", last=False))
    ending = asyncio.create_task(films.settled(CALL))
    await asyncio.sleep(0.2)
    moves.set()
    await asyncio.gather(writing, ending)
    noted = [m.data["bytes"] for m in journal.noted if m.kind == CallFact.VIDEO_RECORDED]
    assert noted == [0, 4]
    assert films.path(CALL, part).read_bytes() == b"film"
    with pytest.raises(PictureRefused):
        await films.append(CALL, part, 1, b"more", last=True)
    exchange.stop()
