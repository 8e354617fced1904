"""A running system that listens with the demo model, and telephones on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from cti.programs import ProgramMissing, find_asterisk, find_program
from tests.support.city import City, city, eventually
from tests.support.missing import missing
from tests.support.stack import RunningStack


@contextmanager
def listening_stack(
    folder: Path, flow: str = "", change: Callable[[RunningStack], object] = lambda _: None
) -> Iterator[RunningStack]:
    """`flow`: instead of the quick one. `change`: before it starts."""
    try:
        find_asterisk()
        find_program("redis-server")
        find_program("sipp")
    except ProgramMissing as error:
        missing(str(error))
    running = RunningStack(folder)
    if flow:
        (running.flows / "quick.yaml").write_text(flow, encoding="utf-8")
    text = running.file.read_text(encoding="utf-8")
    running.file.write_text(text.replace('speech = {model = "off"}', ""), encoding="utf-8")
    change(running)
    try:
        running.start()
        yield running
    finally:
        running.stop()


@asynccontextmanager
async def listening_city(stack: RunningStack, folder: Path) -> AsyncIterator[City]:
    """As soon as somebody listens; no channel is left over at the end."""
    await eventually(lambda: workers(stack), 30, "a speech worker")
    (folder / "sipp").mkdir()
    async with city(stack, folder / "sipp") as there:
        yield there
    await eventually(lambda: not stack.asterisk_channels(), 6, "no channel left over", every_s=0.2)


def workers(stack: RunningStack) -> list[int]:
    """Process ids of the speech workers that have become ready, the newest last."""
    return [int(row["pid"]) for row in stack.log("speech_worker_ready")]
