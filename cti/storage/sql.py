"""Milestones and call records in SQL: SQLite or PostgreSQL, exactly once, durable when `drain` returns."""

from __future__ import annotations

import dataclasses
import os
import threading
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa
import structlog
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import exc
from sqlalchemy.dialects import postgresql, sqlite

from cti.calls import CallFact, CallId, Milestone, Stream
from cti.metrics.gaps import Gap
from cti.metrics.half_hours import HALF_HOUR_S, HalfHour
from cti.metrics.record import CALLBACK, CallRecord, Recording, Segment, fold_with_faults
from cti.storage import tables
from cti.storage.segments import Position
from cti.storage.sql_gaps import SqlGaps
from cti.storage.sql_sums import SqlSums
from cti.storage.store import (
    StoreError,
    StoreRefusedError,
    StoreUnavailableError,
    incoming,
    log_conflict,
    log_contradiction,
    storable,
)

log = structlog.get_logger()

_MIGRATIONS = Path(__file__).parent / "migrations"
_LONGEST_CALL_S = 86_400.0
_FOLDED_AT_ONCE = 500
"""Timelines that are read together."""
_MIGRATING = threading.Lock()
"""Alembic keeps what it works on in its modules: two stores of one process migrate one after the other."""
_LOCK = 0x79696875
"""Our advisory lock on PostgreSQL ("yihu"): daemons drain and migrate one after the other, as they do on SQLite."""
_SQLITE = ("busy_timeout = 5000", "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON")
_POSTGRES = {
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,
    "application_name": "yihu",
    # A daemon that hangs in a transaction must not keep the lock from the one that took over.
    "options": "-c synchronous_commit=on -c lock_timeout=5s -c statement_timeout=30s"
    " -c idle_in_transaction_session_timeout=10s -c timezone=UTC",
}


class SqlStore:
    """A `Store`. The constructor does not connect, so that calls are served while the database is down:
    the first use connects and migrates. `open` does so at once and says what is wrong.
    """

    def __init__(self, url: str) -> None:
        """StoreError if the address cannot be an address of ours."""
        try:
            self._url = sa.make_url(url)
        except exc.ArgumentError:
            raise StoreError(f"the SQL address is not one; {_EXAMPLES}") from None
        backend = self._url.get_backend_name()
        if backend == "sqlite":
            self._url = self._url.set(drivername="sqlite+pysqlite")
            if not self._url.database or self._url.database == ":memory:":
                raise StoreError(f"{self._name}: SQLite needs a file, records must outlive the process; {_EXAMPLES}")
        elif backend == "postgresql":
            self._url = self._url.set(drivername="postgresql+psycopg")
        else:
            raise StoreError(f"{self._name}: {backend} is not supported; {_EXAMPLES}")
        self._is_sqlite = backend == "sqlite"
        self._engine = self._make_engine()
        self._ready = False
        self.kept = SqlSums(self)
        self.observed = SqlGaps(self)

    @classmethod
    def open(cls, url: str) -> SqlStore:
        """Connects and brings the tables to the newest form. StoreError says what is wrong and what to do."""
        store = cls(url)
        try:
            store.prepare()
        except BaseException:
            store.close()
            raise
        return store

    def prepare(self) -> None:
        """Creates or migrates the tables; nothing to do the second time."""
        if self._ready:
            return
        with _MIGRATING:
            self._migrate()
        self._ready = True

    def _migrate(self) -> None:
        if self._is_sqlite:
            self._create_private_file()
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        try:
            with self.transaction(prepare=False) as connection:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except CommandError as error:
            raise StoreError(
                f"{self._name}: its tables were made by a newer release ({error}); "
                "start that release, or restore the backup taken before it"
            ) from None

    def drain(self, batch: Sequence[Milestone], journal: str = "", position: Position | None = None) -> int:
        stored = [storable(milestone) for milestone in batch]
        with self.transaction() as connection:
            new = self.put_milestones(connection, stored)
            if new < len(stored):
                self._check_conflicts(connection, stored)
            self._fold(connection, stored)
            self.kept.agents_changed(connection, stored)
            if position is not None:
                self._keep_position(connection, journal, position)
        return new

    def position(self, journal: str) -> Position:
        t = tables.drain_position.c
        with self.transaction(write=False) as connection:
            row = connection.execute(sa.select(t.segment, t.offset).where(t.journal == journal)).one_or_none()
        return Position(row.segment, row.offset) if row else Position(0, 0)

    def call(self, call_id: CallId) -> CallRecord | None:
        found = self._records(tables.call.c.call_id == call_id)
        return found[0] if found else None

    def calls(self, since: float, until: float, *, statistics: str | None = None) -> list[CallRecord]:
        t = tables.call.c
        where = (t.arrived_at >= since) & (t.arrived_at < until)
        return self._records(where if statistics is None else where & (t.statistics == statistics))

    def calls_of(self, numbers: Collection[str], since: float, limit: int) -> list[CallRecord]:
        t = tables.call.c
        return self._records(t.pii_caller.in_(list(numbers)) & (t.arrived_at >= since), newest=limit)

    def half_hours(self, since: float, until: float) -> list[HalfHour]:
        t = tables.call.c
        answered = sa.case((t.answered_at.is_not(None), 1), else_=0)
        at = sa.cast(t.queued_at, sa.BigInteger) // HALF_HOUR_S * HALF_HOUR_S
        query = (
            sa.select(
                t.queue,
                at,
                sa.func.count(),
                sa.func.sum(t.wait_queue_s),
                sa.func.sum(answered),
                sa.func.sum(answered * t.talk_s),
            )
            .where(t.arrived_at >= since, t.arrived_at < until, t.direction != CALLBACK)
            .where(t.queue.is_not(None), t.queued_at.is_not(None), t.wait_queue_s.is_not(None))
            .group_by(at, t.queue)
            .order_by(at, t.queue)
        )
        with self.transaction(write=False) as connection:
            return [HalfHour(*row) for row in connection.execute(query)]

    def open_calls(self, since: float, until: float, *, statistics: str | None = None) -> int:
        m, c = tables.milestone.c, tables.call.c
        ended = sa.select(c.call_id).where(c.call_id == m.id).exists()
        query = sa.select(tables.milestone).where(sa.text(tables.ARRIVED), m.at >= since, m.at < until, ~ended)
        return sum(incoming(a) and statistics in (None, a.data.get("statistics")) for a in self._milestones(query))

    def contradictions(self, since: float, until: float) -> dict[CallId, str]:
        t = tables.call.c
        query = sa.select(t.call_id, t.contradictions).where(
            t.arrived_at >= since, t.arrived_at < until, t.contradictions.is_not(None)
        )
        with self.transaction(write=False) as connection:
            return {CallId(row.call_id): row.contradictions for row in connection.execute(query.order_by(t.arrived_at))}

    def milestones(self, id_: str, stream: Stream = "call") -> list[Milestone]:
        with self.transaction(write=False) as connection:
            return self._timelines(connection, stream, [id_])[id_]

    def at_desks(self, since: float, until: float, *, limit: int | None = None) -> list[Milestone]:
        return self._between(sa.text(tables.DESK_KINDS), since, until, limit)

    def beside_calls(self, stream: Stream, since: float, until: float, *, limit: int | None = None) -> list[Milestone]:
        of_stream = sa.and_(sa.text(tables.NOT_OF_CALLS), tables.milestone.c.stream == stream)
        return self._between(of_stream, since, until, limit)

    def gaps(self, since: float, until: float) -> list[Gap]:
        return self.observed.between(since, until)

    def find(self, text: str) -> CallId | None:
        m, c = tables.milestone.c, tables.call.c
        arrived = sa.select(tables.milestone).where(sa.text(tables.ARRIVED))
        newest = self._milestones(arrived.order_by(m.at.desc(), m.id.desc()).limit(1))
        if not newest or text == "last":
            return CallId(newest[0].id) if newest else None
        by_id = sa.select(m.id).where(m.stream == "call", m.id == text).limit(1)
        by_sip = sa.select(c.call_id).where(c.sip_call_id == text, c.sip_call_id != "").order_by(c.arrived_at.desc())
        with self.transaction(write=False) as connection:
            found = connection.execute(by_id).scalar() or connection.execute(by_sip.limit(1)).scalar()
        if found is None and text:
            not_ended = ~sa.exists().where(c.call_id == m.id)
            live = self._milestones(arrived.where(m.at > newest[0].at - _LONGEST_CALL_S, not_ended))
            found = next((a.id for a in live if a.data.get("sip_call_id") == text), None)
        return CallId(found) if found is not None else None

    @contextmanager
    def transaction(self, *, write: bool = True, prepare: bool = True) -> Iterator[sa.Connection]:
        """For what else lies in the same database. Writers come one after the other, of both daemons."""
        if prepare:
            self.prepare()
        try:
            with self._engine.connect().execution_options(yihu_write=write) as connection, connection.begin():
                if write and not self._is_sqlite:
                    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
                yield connection
        except (exc.DataError, exc.IntegrityError) as error:
            raise StoreRefusedError(f"{self._name}: refuses content ({type(error.orig).__name__})") from None
        except (exc.DBAPIError, exc.TimeoutError) as error:
            raise StoreUnavailableError(self._explain(error)) from None  # its own text holds personal data

    def close(self) -> None:
        self._engine.dispose()

    @property
    def _name(self) -> str:
        return self._url.render_as_string(hide_password=True)

    def _make_engine(self) -> sa.Engine:
        # One connection: one thread uses the store, and a second one (a report) waits its turn.
        if not self._is_sqlite:
            return sa.create_engine(
                self._url, pool_size=1, max_overflow=0, pool_pre_ping=True, connect_args=dict(_POSTGRES)
            )
        engine = sa.create_engine(self._url, pool_size=1, max_overflow=0)

        def on_connect(connection: Any, _: object) -> None:
            connection.isolation_level = None  # the driver's own BEGIN would leave DDL outside of transactions
            for pragma in _SQLITE:
                connection.execute(f"PRAGMA {pragma}")

        def on_begin(connection: sa.Connection) -> None:
            # A reader that turns writer within its transaction can fail with "locked" at once, whatever the timeout.
            write = connection.get_execution_options().get("yihu_write")
            connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

        sa.event.listen(engine, "connect", on_connect)
        sa.event.listen(engine, "begin", on_begin)
        return engine

    def _create_private_file(self) -> None:
        """One that is there is not touched: to close it would take away all locks that this process has on it (POSIX),
        SQLite's too. The next program that looks into the database would take itself for the last one when it ends, and
        throw away the log that is still being written."""
        file = Path(str(self._url.database))
        try:
            os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            return
        except OSError as error:
            raise StoreUnavailableError(
                f"{file}: cannot be opened ({error.strerror}); its folder must exist and be writable for this user"
            ) from None

    def _explain(self, error: exc.SQLAlchemyError) -> str:
        # `orig`, not the error itself: SQLAlchemy's text repeats the parameters.
        reason = " ".join(str(getattr(error, "orig", None) or "no answer in time").split())[:300]
        if self._is_sqlite:
            help_ = {
                "locked": "another program holds it; stop that one (a backup or a database browser?)",
                "full": "free space on its disk",
                "not a database": "the file is damaged or not ours; restore the backup or move it away",
                "malformed": "the file is damaged; restore the backup, the journal adds what it still has",
            }
            remedy = next((text for word, text in help_.items() if word in reason), "check the file and its disk")
        else:
            remedy = "is PostgreSQL running there, does the database exist, and may this user log in and create tables?"
        return f"{self._name}: {reason}; {remedy}"

    def put_milestones(self, connection: sa.Connection, stored: Sequence[Milestone]) -> int:
        """Those that are not there yet, and nothing else: no record follows from it."""
        if not stored:
            return 0
        insert = sqlite.insert if self._is_sqlite else postgresql.insert
        rows = [
            {
                "stream": m.stream,
                "id": m.id,
                "seq": m.seq,
                "at": m.at,
                "kind": m.kind,
                "data": orjson.dumps(dict(m.data)).decode(),
            }
            for m in stored
        ]
        statement = insert(tables.milestone).on_conflict_do_nothing()
        return connection.execute(statement, rows, execution_options={"preserve_rowcount": True}).rowcount

    def _check_conflicts(self, connection: sa.Connection, stored: list[Milestone]) -> None:
        for stream in ("call", "agent", "city"):
            batch = [m for m in stored if m.stream == stream]
            timelines = self._timelines(connection, stream, {m.id for m in batch})
            kept = {(m.id, m.seq): m for timeline in timelines.values() for m in timeline}
            for milestone in batch:
                if kept[milestone.id, milestone.seq] != milestone:
                    log_conflict(kept[milestone.id, milestone.seq])

    def _fold(self, connection: sa.Connection, stored: list[Milestone]) -> None:
        """The records of all calls of the batch that have ended, be it in this batch or before."""
        t = tables.call.c
        ids = {m.id for m in stored if m.stream == "call"}
        ended = {m.id for m in stored if m.stream == "call" and m.kind == CallFact.ENDED}
        if ids - ended:
            ended |= set(connection.execute(sa.select(t.call_id).where(t.call_id.in_(ids - ended))).scalars())
        if not ended:
            return
        folded = [fold_with_faults(timeline) for timeline in self._timelines(connection, "call", ended).values()]
        for record, faults in folded:
            if faults:
                log_contradiction(record.call_id, faults)
        before = connection.execute(sa.select(t.arrived_at).where(t.call_id.in_(ended))).scalars().all()
        self.put_records(connection, folded)
        self.kept.calls_changed(connection, [*before, *(record.arrived_at for record, _ in folded)])

    def put_records(self, connection: sa.Connection, folded: Sequence[tuple[CallRecord, Sequence[str]]]) -> None:
        """These records, each with what contradicts in its timeline, in the place of what was kept of their calls."""
        recordings = [
            {"call_id": record.call_id, "n": n, **dataclasses.asdict(r)}
            for record, _ in folded
            for n, r in enumerate(record.recordings, 1)
        ]
        ids = [record.call_id for record, _ in folded]
        connection.execute(sa.delete(tables.call).where(tables.call.c.call_id.in_(ids)))
        connection.execute(sa.insert(tables.call), [_row(record, faults) for record, faults in folded])
        if recordings:
            connection.execute(sa.insert(tables.recording), recordings)

    def records_between(self, connection: sa.Connection, since: float, until: float) -> list[CallRecord]:
        """Of the ended calls that arrived then, without their recordings."""
        t = tables.call.c
        query = sa.select(tables.call).where(t.arrived_at >= since, t.arrived_at < until)
        return [_record(row, ()) for row in connection.execute(query).mappings()]

    def fold_again(self, connection: sa.Connection, since: float, until: float) -> int:
        """The records of the ended calls that arrived then, from their timelines: how many were not what these say."""
        t = tables.call.c
        where = (t.arrived_at >= since) & (t.arrived_at < until)
        stored = {
            row["call_id"]: dict(row) for row in connection.execute(sa.select(tables.call).where(where)).mappings()
        }
        wrong = []
        ids = list(stored)
        for n in range(0, len(ids), _FOLDED_AT_ONCE):
            for call_id, timeline in self._timelines(connection, "call", ids[n : n + _FOLDED_AT_ONCE]).items():
                record, faults = fold_with_faults(timeline)
                if _row(record, faults) != stored[call_id]:
                    wrong.append((record, faults))
        if wrong:
            self.put_records(connection, wrong)
            self.kept.calls_changed(connection, [record.arrived_at for record, _ in wrong])
        return len(wrong)

    def said_between(self, connection: sa.Connection, since: float, until: float) -> list[Milestone]:
        """What agents, and calls at their desks, did from `since` on and before `until`."""
        m = tables.milestone.c
        kinds = (sa.and_(sa.text(tables.NOT_OF_CALLS), m.stream == "agent"), sa.text(tables.DESK_KINDS))
        return [
            _milestone(row)
            for kind in kinds
            for row in connection.execute(sa.select(tables.milestone).where(kind, m.at >= since, m.at < until))
        ]

    def _keep_position(self, connection: sa.Connection, journal: str, position: Position) -> None:
        t = tables.drain_position
        connection.execute(sa.delete(t).where(t.c.journal == journal))
        connection.execute(sa.insert(t), {"journal": journal, "segment": position.segment, "offset": position.offset})

    def _between(
        self, indexed: sa.ColumnElement[bool] | sa.TextClause, since: float, until: float, limit: int | None
    ) -> list[Milestone]:
        m = tables.milestone.c
        query = sa.select(tables.milestone).where(indexed, m.at >= since, m.at < until)
        return self._milestones(query.order_by(m.at, m.id, m.seq).limit(limit))

    def _milestones(self, query: sa.Select[Any]) -> list[Milestone]:
        with self.transaction(write=False) as connection:
            return [_milestone(row) for row in connection.execute(query)]

    def _timelines(self, connection: sa.Connection, stream: str, ids: Iterable[str]) -> dict[str, list[Milestone]]:
        t = tables.milestone.c
        query = sa.select(tables.milestone).where(t.stream == stream, t.id.in_(list(ids))).order_by(t.id, t.seq)
        found: dict[str, list[Milestone]] = defaultdict(list)
        for row in connection.execute(query):
            found[row.id].append(_milestone(row))
        return found

    def _records(self, where: sa.ColumnElement[bool], newest: int | None = None) -> list[CallRecord]:
        """By arrival; with `newest` only so many, the last one first."""
        t, r = tables.call.c, tables.recording.c
        order = (t.arrived_at, t.call_id) if newest is None else (t.arrived_at.desc(), t.call_id.desc())
        recordings: dict[str, list[Recording]] = defaultdict(list)
        with self.transaction(write=False) as connection:
            query = sa.select(tables.recording).join(tables.call, t.call_id == r.call_id)
            for row in connection.execute(query.where(where).order_by(r.call_id, r.n)):
                recordings[row.call_id].append(Recording(row.file, row.bytes, row.talk_s, row.complete, row.segment))
            rows = (
                connection.execute(sa.select(tables.call).where(where).order_by(*order).limit(newest)).mappings().all()
            )
        return [_record(row, tuple(recordings[row["call_id"]])) for row in rows]


_EXAMPLES = "give sqlite:////path/to/yihu.db or postgresql+psycopg://user:password@host/database (settings: sql.url)"
_FIELDS = [field.name for field in dataclasses.fields(CallRecord) if field.name != "recordings"]


_LISTS = ("path", "agents", "rungs", "notices")


def _milestone(row: sa.Row[Any]) -> Milestone:
    return Milestone(row.stream, row.id, row.seq, row.at, row.kind, orjson.loads(row.data))


def _row(record: CallRecord, faults: Sequence[str]) -> dict[str, Any]:
    row = {name: getattr(record, name) for name in _FIELDS}
    row |= {name: orjson.dumps(row[name]).decode() for name in (*_LISTS, "segments")}
    row["contradictions"] = "; ".join(faults) or None
    return row


def _record(row: sa.RowMapping, recordings: tuple[Recording, ...]) -> CallRecord:
    fields: dict[str, Any] = {name: row[name] for name in _FIELDS}
    fields |= {name: tuple(orjson.loads(row[name])) for name in _LISTS}
    fields["segments"] = tuple(Segment(**segment) for segment in orjson.loads(row["segments"]))
    return CallRecord(**fields, recordings=recordings)
