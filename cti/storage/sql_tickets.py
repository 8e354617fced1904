"""Tickets in SQL, beside the calls."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

import orjson
import sqlalchemy as sa

from cti.storage import tables
from cti.storage.sql import SqlStore
from cti.storage.ticket_store import EditOf, Left, day_number
from cti.tickets.asked import Wanted
from cti.tickets.edit import Edited, Editing
from cti.tickets.model import Entry, Relation, RelationKind, Ticket, TicketState, ticket_from_json, ticket_json

_T, _H, _R, _O = tables.ticket.c, tables.ticket_field_history.c, tables.ticket_relation.c, tables.ticket_outbox.c

# Asked at every key stroke of every agent, and made once: making them anew would take longer than the database does.
_ONE = sa.select(_T.body).where(_T.id == sa.bindparam("of"))
_ITS_RELATIONS = sa.select(_R.other_id, _R.kind).where(_R.ticket_id == sa.bindparam("of")).order_by(_R.at, _R.other_id)
_UPDATE = sa.update(tables.ticket).where(_T.id == sa.bindparam("of"))
_NOTE = sa.insert(tables.ticket_field_history)


class SqlTickets:
    """A `TicketStore` in the database of `store`. `key`: numbers are found by their hash with it."""

    def __init__(self, store: SqlStore, key: bytes) -> None:
        self._store = store
        self._key = key
        self._key_name = hashlib.sha256(key).hexdigest()[:8]

    def rekey(self) -> int:
        """After the key was changed: hashes every number anew. How many tickets."""
        with self._store.transaction() as connection:
            old = connection.execute(sa.select(_T.id, _T.body).where(_T.hash_key != self._key_name)).all()
            for row in old:
                hashes = self._hashes(ticket_from_json(orjson.loads(row.body)))
                connection.execute(sa.update(tables.ticket).where(_T.id == row.id).values(hashes))
        return len(old)

    def open(self, call_id: str, day: str, make: Callable[[str], Edited]) -> Ticket:
        if (known := self.of_call(call_id)) is not None:
            return known
        with self._store.transaction() as connection:
            if found := self._read(connection, _T.call_id == call_id):
                return found[0]
            d = tables.ticket_day
            last = connection.execute(sa.select(d.c.last).where(d.c.day == day)).scalar()
            if last is None:
                connection.execute(sa.insert(d), {"day": day, "last": 1})
            else:
                connection.execute(sa.update(d).where(d.c.day == day).values(last=last + 1))
            edited = make(day_number(day, (last or 0) + 1))
            connection.execute(sa.insert(tables.ticket), self._row(edited.ticket))
            self._add(connection, edited.ticket.id, edited.entries)
            return edited.ticket

    def get(self, ticket_id: str) -> Ticket | None:
        with self._store.transaction(write=False) as connection:
            return self._read_one(connection, ticket_id)

    def of_call(self, call_id: str) -> Ticket | None:
        with self._store.transaction(write=False) as connection:
            return next(iter(self._read(connection, _T.call_id == call_id)), None)

    def change(self, ticket_id: str, edit: EditOf) -> Edited | None:
        with self._store.transaction() as connection:
            before = self._read_one(connection, ticket_id)
            if before is None:
                return None

            def past(field: str, version: int) -> list[Entry]:
                later = (_H.ticket_id == ticket_id, _H.field == field, _H.version > version)
                return _entries(connection, *later)

            edited = edit(before, past)
            if edited.ticket != before:
                self._write(connection, edited.ticket, edited.entries)
            if edited.leaves is not None:
                self._send(connection, edited)
            return edited

    def relate(
        self, ticket_id: str, other_id: str, kind: RelationKind, by: str, at: float
    ) -> tuple[Ticket, Ticket] | None:
        with self._store.transaction() as connection:
            found = {ticket.id: ticket for ticket in self._read(connection, _T.id.in_([ticket_id, other_id]))}
            if len(found) < 2:
                return None
            for one, two in ((ticket_id, other_id), (other_id, ticket_id)):
                if Relation(two, kind) in found[one].related:
                    continue
                editing = Editing(found[one], at)
                editing.note(by, kind, new=two)
                self._write(connection, editing.ticket, editing.done().entries)
                pair = (_R.ticket_id == one, _R.other_id == two)
                connection.execute(sa.delete(tables.ticket_relation).where(*pair))
                row = {"ticket_id": one, "other_id": two, "kind": kind, "by": by, "at": at}
                connection.execute(sa.insert(tables.ticket_relation), row)
            after = {ticket.id: ticket for ticket in self._read(connection, _T.id.in_([ticket_id, other_id]))}
            return after[ticket_id], after[other_id]

    def history(self, ticket_id: str) -> list[Entry]:
        with self._store.transaction(write=False) as connection:
            return _entries(connection, _H.ticket_id == ticket_id)

    def find(self, wanted: Wanted) -> list[Ticket]:
        where = [_T.created_at >= wanted.since]
        if wanted.states is not None:
            where.append(_T.state.in_(list(wanted.states)))
        if wanted.agent is not None:
            where.append(_T.agent == wanted.agent)
        if wanted.until is not None:
            where.append(_T.created_at < wanted.until)
        if wanted.number:
            hash_ = self._hash(wanted.number)
            where.append((_T.caller_hash == hash_) | (_T.phone_hash == hash_))
        if wanted.calls is not None:
            where.append(_T.call_id.in_(list(wanted.calls)))
        if wanted.touched is not None:
            where.append(_T.touched == wanted.touched)
        with self._store.transaction(write=False) as connection:
            return self._read(connection, *where, limit=wanted.limit)

    def left(self, after: int, states: Collection[TicketState], limit: int) -> list[Left]:
        return self._left(_O.seq > after, _O.state.in_(list(states)), limit=limit)

    def undelivered(self, now: float, limit: int) -> list[Left]:
        return self._left(sa.text(tables.NOT_DELIVERED), _O.next_at <= now, limit=limit)

    def delivered(self, seq: int, at: float) -> None:
        self._attempted(seq, delivered_at=at, problem="")

    def not_delivered(self, seq: int, next_at: float, problem: str) -> None:
        self._attempted(seq, next_at=next_at, problem=problem)

    def tags(self, numbers: Collection[str]) -> list[str]:
        t = tables.citizen_tag.c
        query = sa.select(t.tag).where(t.pii_caller.in_(list(numbers))).distinct().order_by(t.tag)
        with self._store.transaction(write=False) as connection:
            return list(connection.execute(query).scalars())

    def set_tags(self, number: str, tags: Sequence[str], by: str, at: float) -> None:
        t = tables.citizen_tag
        rows = [{"pii_caller": number, "tag": tag, "by": by, "at": at} for tag in dict.fromkeys(tags)]
        with self._store.transaction() as connection:
            connection.execute(sa.delete(t).where(t.c.pii_caller == number))
            if rows:
                connection.execute(sa.insert(t), rows)

    def _read_one(self, connection: sa.Connection, ticket_id: str) -> Ticket | None:
        body = connection.execute(_ONE, {"of": ticket_id}).scalar()
        if body is None:
            return None
        related = tuple(Relation(*row) for row in connection.execute(_ITS_RELATIONS, {"of": ticket_id}))
        return replace(ticket_from_json(orjson.loads(body)), related=related)

    def _read(
        self, connection: sa.Connection, *where: sa.ColumnElement[bool], limit: int | None = None
    ) -> list[Ticket]:
        query = sa.select(_T.id, _T.body).where(*where).order_by(_T.created_at.desc(), _T.id.desc()).limit(limit)
        rows = connection.execute(query).all()
        related: dict[str, list[Relation]] = {}
        ids = [row.id for row in rows]
        for n in range(0, len(ids), 500):  # a database takes only so many values at once
            of = (
                sa.select(tables.ticket_relation).where(_R.ticket_id.in_(ids[n : n + 500])).order_by(_R.at, _R.other_id)
            )
            for relation in connection.execute(of):
                related.setdefault(relation.ticket_id, []).append(Relation(relation.other_id, relation.kind))
        return [
            replace(ticket_from_json(orjson.loads(row.body)), related=tuple(related.get(row.id, ()))) for row in rows
        ]

    def _write(self, connection: sa.Connection, ticket: Ticket, entries: Sequence[Entry]) -> None:
        connection.execute(_UPDATE, {"of": ticket.id, **self._row(ticket)})
        self._add(connection, ticket.id, entries)

    def _add(self, connection: sa.Connection, ticket_id: str, entries: Iterable[Entry]) -> None:
        rows = [
            {
                "ticket_id": ticket_id,
                **{name: getattr(entry, name) for name in _PLAIN},
                "old": orjson.dumps(entry.old).decode(),
                "new": orjson.dumps(entry.new).decode(),
            }
            for entry in entries
        ]
        if rows:
            connection.execute(_NOTE, rows)

    def _send(self, connection: sa.Connection, edited: Edited) -> None:
        ticket = edited.ticket
        last = connection.execute(sa.select(sa.func.max(_O.seq))).scalar()
        row = {
            "seq": (last or 0) + 1,
            "ticket_id": ticket.id,
            "state": ticket.state,
            "left_at": ticket.saved_at,
            "body": orjson.dumps(edited.leaves).decode(),
            "attempts": 0,
            "next_at": ticket.saved_at,
            "problem": "",
        }
        connection.execute(sa.insert(tables.ticket_outbox), row)

    def _left(self, *where: sa.ColumnElement[bool] | sa.TextClause, limit: int) -> list[Left]:
        query = sa.select(tables.ticket_outbox).where(*where).order_by(_O.seq).limit(limit)
        with self._store.transaction(write=False) as connection:
            return [
                Left(r.seq, r.ticket_id, orjson.loads(r.body), r.left_at, r.attempts, r.delivered_at, r.problem)
                for r in connection.execute(query)
            ]

    def _attempted(self, seq: int, **values: Any) -> None:
        update = sa.update(tables.ticket_outbox).where(_O.seq == seq).values(attempts=_O.attempts + 1, **values)
        with self._store.transaction() as connection:
            connection.execute(update)

    def _row(self, ticket: Ticket) -> dict[str, Any]:
        body = ticket_json(ticket)
        del body["related"]
        body["fields"] = {name: body["fields"][name] for name in ticket.fields}
        return {
            **{name: getattr(ticket, name) for name in ("id", "call_id", "state", "agent", "created_at", "send_at")},
            **{name: ticket.text(name) for name in ("type", "matter", "street", "department")},
            "touched": ticket.touched,
            "deadline_at": ticket.deadline.at if ticket.deadline is not None else None,
            "body": orjson.dumps(body).decode(),
            **self._hashes(ticket),
        }

    def _hashes(self, ticket: Ticket) -> dict[str, str]:
        numbers = {"caller_hash": ticket.pii_caller, "phone_hash": ticket.text("contact_phone")}
        return {**{name: self._hash(number) for name, number in numbers.items()}, "hash_key": self._key_name}

    def _hash(self, number: str) -> str:
        return hmac.new(self._key, number.encode(), hashlib.sha256).hexdigest()[:32] if number else ""


_PLAIN = ("n", "at", "by", "how", "field", "version", "source", "confidence")


def _entries(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> list[Entry]:
    query = sa.select(tables.ticket_field_history).where(*where).order_by(_H.n)
    return [
        Entry(
            **{name: getattr(row, name) for name in _PLAIN},
            old=orjson.loads(row.old),
            new=orjson.loads(row.new),
        )
        for row in connection.execute(query)
    ]
