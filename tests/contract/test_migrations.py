"""A database with calls of an older release is brought to today's tables and loses nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

import cti.storage
from cti.calls import CallId, Milestone
from cti.metrics.record import fold
from cti.storage import tables
from cti.storage.sql import SqlStore
from tests.support.calls import answered_call, lost_call

MIGRATIONS = Path(cti.storage.__file__).parent / "migrations"
NEW_IN_0002 = {"kept_s", "relaxed", "estimate_s", "spoken_min", "rungs", "notices", "held_s", "agent_lost"}
NEW_IN_0002 |= {"callback_requested", "message_file", "message_s", "direction", "task", "of", "attempt"}
NEW_IN_0002 |= {"confirmed_at", "dialled_at", "outcome"}
NEW_IN_0005 = {"segments", "moves"}


INDEXES = ("milestone_desk", "milestone_beside", "milestone_arrived", "ix_call_sip_call_id")


def _migrate(connection: sa.Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    (command.downgrade if revision < "0002" else command.upgrade)(config, revision)


def _first_release(url: str, calls: list[list[Milestone]]) -> None:
    """The database as the first release left it."""
    store = SqlStore.open(url)
    for call in calls:
        store.drain(call)
    store.close()
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        _migrate(connection, "0001")
    with engine.connect() as connection:
        columns = {column["name"] for column in sa.inspect(connection).get_columns("call")}
        assert not columns & (NEW_IN_0002 | NEW_IN_0005)
        assert columns | NEW_IN_0002 | NEW_IN_0005 == set(tables.call.c.keys())
    engine.dispose()


def test_records_of_the_first_release_are_read_as_uneventful_incoming_calls(sql_url: str) -> None:
    answered, lost = answered_call("c1", 1000.0), lost_call("c2", 1100.0)
    _first_release(sql_url, [answered, lost])

    store = SqlStore.open(sql_url)
    nameless = [replace(recording, segment="") for recording in fold(answered).recordings]
    before = replace(fold(answered), segments=(), recordings=tuple(nameless))
    assert store.calls(0, 2000) == [before, fold(lost)]
    assert store.milestones("c1") == answered
    assert store.drain([*answered, *lost]) == 0
    assert store.drain(answered_call("c3", 1200.0)) == 16
    record = store.call(CallId("c3"))
    assert record is not None
    assert record.incoming
    store.close()


def test_recordings_of_the_first_release_stay(sql_url: str) -> None:
    _first_release(sql_url, [answered_call("c1", 1000.0)])
    store = SqlStore.open(sql_url)
    (record,) = store.calls(0, 2000)
    assert [recording.file for recording in record.recordings] == ["2026/c1.wav"]
    store.close()


def test_what_a_page_or_a_report_asks_of_all_milestones_is_found_by_index(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/yihu.db"
    store = SqlStore.open(url)
    store.drain(answered_call("c1", 1000.0))
    asked: list[tuple[str, tuple[object, ...]]] = []
    sa.event.listen(store._engine, "before_cursor_execute", lambda *args: asked.append((args[2], args[3])))
    store.at_desks(0, 2000, limit=100)
    store.beside_calls("agent", 0, 2000)
    store.open_calls(0, 2000)
    store.find("nobody")
    with store._engine.connect() as connection:
        plans = [
            str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all())
            for statement, values in list(asked)
            if statement.startswith("SELECT")
        ]
    used = [next((i for i in INDEXES if i in plan), "by id" if "AND id=?" in plan else plan) for plan in plans]
    arrived = ["milestone_arrived"]
    assert used == ["milestone_desk", "milestone_beside", *arrived, *arrived, "by id", "ix_call_sip_call_id", *arrived]
    store.close()
