"""A whole running system for tests that break parts of it: one for each file of tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from cti.programs import ProgramMissing, find_asterisk, find_program
from tests.support.city import City, city
from tests.support.missing import missing
from tests.support.stack import RunningStack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """Supervisor, redis-server, Asterisk and daemon, all real."""
    try:
        find_asterisk()
        find_program("redis-server")
        find_program("sipp")
    except ProgramMissing as error:
        missing(str(error))
    running = RunningStack(tmp_path_factory.mktemp("stack"))
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest_asyncio.fixture
async def telephones(stack: RunningStack, tmp_path: Path) -> AsyncIterator[City]:
    """Citizens and agents on the running system; afterwards it is empty again."""
    folder = tmp_path / "sipp"
    folder.mkdir()
    async with city(stack, folder) as place:
        yield place


@pytest.fixture
def measured(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """`measured(silence_s=2.1)`: printed (pytest -s) and kept in the report."""

    def note(**figures: object) -> None:
        for name, value in figures.items():
            record_property(name, value)
        print(
            "measured:", ", ".join(f"{n} {v:.3f}" if isinstance(v, float) else f"{n} {v}" for n, v in figures.items())
        )

    return note
