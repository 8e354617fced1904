"""The stores that the contract tests run over: memory, SQLite, PostgreSQL; and a real redis-server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cti.programs import ProgramMissing
from cti.storage.memory import MemoryStore
from cti.storage.memory_tickets import MemoryTickets
from cti.storage.sql import SqlStore
from cti.storage.sql_tickets import SqlTickets
from cti.storage.store import Store
from cti.storage.ticket_store import TicketStore
from tests.support.missing import missing
from tests.support.postgres import Postgres, PostgresMissingError
from tests.support.redis import RedisProcess


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for the whole run; each test takes a database of its own."""
    try:
        server = Postgres()
    except PostgresMissingError as reason:
        missing(str(reason))
    yield server
    server.stop()


@pytest.fixture
def redis_server() -> Iterator[RedisProcess]:
    """A server a test, for tests kill and stop it."""
    try:
        server = RedisProcess()
    except ProgramMissing as reason:
        missing(str(reason))
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def sql_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/yihu.db"
    return str(request.getfixturevalue("postgres").new_database())


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each kind."""
    made: Store
    if request.param == "memory":
        made = MemoryStore()
    elif request.param == "sqlite":
        made = SqlStore.open(f"sqlite:///{tmp_path}/yihu.db")
    else:
        made = SqlStore.open(request.getfixturevalue("postgres").new_database())
    yield made
    made.close()


@pytest.fixture
def tickets(store: Store) -> TicketStore:
    """An empty store of tickets of each kind, in the database of `store`."""
    return SqlTickets(store, b"key of the test") if isinstance(store, SqlStore) else MemoryTickets()
