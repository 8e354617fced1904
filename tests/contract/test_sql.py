"""SQLite and PostgreSQL: their tables, their durability, and what they say when they cannot be used."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from cti.storage.sql import SqlStore
from cti.storage.store import StoreError, StoreUnavailableError
from cti.storage.tables import metadata
from tests.support.calls import answered_call
from tests.support.postgres import Postgres


def test_the_migrations_make_exactly_the_tables_of_the_code(sql_url: str) -> None:
    SqlStore.open(sql_url).close()
    engine = sa.create_engine(sql_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_opening_twice_keeps_what_is_there(sql_url: str) -> None:
    for new in (16, 0):
        store = SqlStore.open(sql_url)
        assert store.drain(answered_call("c1", 1000.0)) == new
        store.close()


def test_stores_of_one_process_come_to_empty_databases_at_once(tmp_path: Path) -> None:
    stores = [SqlStore(f"sqlite:///{tmp_path}/{n // 2}.db") for n in range(8)]
    begin = Barrier(len(stores))

    def prepare(store: SqlStore) -> None:
        begin.wait()
        store.prepare()

    with ThreadPoolExecutor(len(stores)) as threads:
        list(threads.map(prepare, stores))
    assert [store.drain(answered_call("c1", 1000.0)) for store in stores] == [16, 0] * 4
    for store in stores:
        store.close()


def test_two_stores_can_use_one_database(sql_url: str) -> None:
    call = answered_call("c1", 1000.0)
    one, two = SqlStore.open(sql_url), SqlStore.open(sql_url)
    assert one.drain(call[:10]) + two.drain(call) + one.drain(call) == len(call)
    assert one.calls(0, 2000) == two.calls(0, 2000)
    one.close()
    two.close()


def test_another_program_that_looks_in_takes_nothing_away(sql_url: str) -> None:
    """Given a process with two stores, when another program has looked into the database and ended, then what the first
    store writes afterwards is there for the next one that looks."""
    one, two = SqlStore.open(sql_url), SqlStore.open(sql_url)
    looks = """
import sys
from cti.storage.sql import SqlStore
store = SqlStore.open(sys.argv[1])
print(len(store.calls(0, 2000)))
store.close()
"""

    def seen() -> int:
        argv = [sys.executable, "-c", looks, sql_url]
        return int(subprocess.run(argv, check=True, timeout=30, stdout=subprocess.PIPE).stdout)

    assert seen() == 0
    assert one.drain(answered_call("c1", 1000.0)) == 16
    assert seen() == 1
    one.close()
    two.close()


def test_commits_are_durable(sql_url: str) -> None:
    store = SqlStore.open(sql_url)
    with store.transaction() as connection:
        if sql_url.startswith("sqlite"):
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        else:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    store.close()


def test_a_database_of_a_newer_release_is_refused(sql_url: str) -> None:
    SqlStore.open(sql_url).close()
    engine = sa.create_engine(sql_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    with pytest.raises(StoreError, match="made by a newer release"):
        SqlStore.open(sql_url)


def test_the_sqlite_file_is_private(tmp_path: Path) -> None:
    store = SqlStore.open(f"sqlite:///{tmp_path}/yihu.db")
    store.drain(answered_call("c1", 1000.0))
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    store.close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("not an address", "is not one; give sqlite:///"),
        ("mysql://root:hunter2@db/yihu", "mysql is not supported; give sqlite:///"),
        ("sqlite://", "SQLite needs a file"),
        ("sqlite:////nowhere/at/all/yihu.db", "cannot be opened (No such file or directory); its folder must exist"),
        ("postgresql+psycopg://u:hunter2@/x?host=/nowhere", "is PostgreSQL running there"),
    ],
)
def test_an_address_that_cannot_be_used_says_why_and_what_to_do(url: str, said: str) -> None:
    with pytest.raises(StoreError) as raised:
        SqlStore.open(url)
    assert said in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_a_postgresql_without_that_database_says_so(postgres: Postgres) -> None:
    url = postgres.new_database().replace("/t", "/missing", 1)
    with pytest.raises(StoreUnavailableError, match="does the database exist"):
        SqlStore.open(url)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "yihu.db").write_text("rubbish" * 1000)
    with pytest.raises(StoreError, match=r"yihu\.db: file is not a database; the file is damaged or not ours"):
        SqlStore.open(f"sqlite:///{tmp_path}/yihu.db")


def test_no_personal_data_in_errors(tmp_path: Path) -> None:
    store = SqlStore.open(f"sqlite:///{tmp_path}/yihu.db")
    other = sqlite3.connect(tmp_path / "yihu.db")
    other.execute("ALTER TABLE call DROP COLUMN missing")
    other.close()
    number = "".join(["138", "0013", "8000"])  # not as a whole in the source lines that a traceback quotes
    with pytest.raises(StoreError) as raised:
        store.drain(answered_call("c1", 1000.0, caller=number))
    assert number not in "".join(traceback.format_exception(raised.value))
    store.close()
