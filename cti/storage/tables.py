"""The tables. A change here needs a migration in `migrations/versions`; a test compares the two."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)

metadata = MetaData()

milestone = Table(
    "milestone",
    metadata,
    Column("stream", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("kind", Text, nullable=False),
    # JSON as text, not jsonb: read back byte for byte, on every database.
    Column("data", Text, nullable=False),
)
ARRIVED = "kind = 'arrived'"
"""Calls by arrival. A query has to repeat it word for word and say nothing of the stream, or its index is not used."""
Index("milestone_arrived", milestone.c.at, sqlite_where=text(ARRIVED), postgresql_where=text(ARRIVED))
DESK_KINDS = (
    "kind IN ('offered', 'offer_failed', 'answered', 'held', 'unheld', 'talk_ended', 'party_asked', 'party_joined',"
    " 'party_failed', 'party_left', 'handed_over')"
)
"""What calls do at agents' desks; as above."""
Index("milestone_desk", milestone.c.at, sqlite_where=text(DESK_KINDS), postgresql_where=text(DESK_KINDS))
NOT_OF_CALLS = "stream <> 'call'"
"""Milestones of agents and of the city; here the stream is part of the index."""
Index(
    "milestone_beside",
    milestone.c.stream,
    milestone.c.at,
    sqlite_where=text(NOT_OF_CALLS),
    postgresql_where=text(NOT_OF_CALLS),
)

call = Table(
    "call",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("pii_caller", Text, nullable=False),
    Column("dialled", Text, nullable=False),
    Column("original", Text, nullable=False),
    Column("city", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("statistics", Text, nullable=False),
    Column("medium", Text, nullable=False),
    Column("sip_call_id", Text, nullable=False, index=True),
    Column("flow", Text, nullable=False),
    Column("flow_version", Text, nullable=False),
    Column("arrived_at", Double, nullable=False, index=True),
    Column("menu_entered_at", Double),
    Column("human_asked_at", Double),
    Column("queued_at", Double),
    Column("first_offered_at", Double),
    Column("answered_at", Double),
    Column("ended_at", Double),
    Column("ended_side", Text),
    Column("ended_place", Text),
    Column("lost_at", Text),
    Column("path", Text, nullable=False),  # JSON list
    Column("queue", Text),
    Column("skill", Text),
    Column("agents", Text, nullable=False),  # JSON list
    Column("offers", Integer, nullable=False),
    Column("wait_queue_s", Double),
    Column("wait_total_s", Double),
    Column("talk_s", Double, nullable=False),
    Column("score", Integer),
    Column("satisfied", Boolean),
    Column("survey_offered", Boolean, nullable=False),
    Column("survey_scale", Integer),
    Column("transferred_to", Text),
    Column("resumed", Integer, nullable=False),
    Column("fell_back", Boolean, nullable=False),
    Column("estimated", Boolean, nullable=False),
    Column("missing", Integer, nullable=False),
    Column("contradictions", Text),  # None: none
    Column("kept_s", Double, nullable=False),
    Column("relaxed", Integer, nullable=False),
    Column("estimate_s", Double),
    Column("spoken_min", Integer),
    Column("rungs", Text, nullable=False),  # JSON list
    Column("notices", Text, nullable=False),  # JSON list
    Column("held_s", Double, nullable=False),
    Column("agent_lost", Integer, nullable=False),
    Column("callback_requested", Text),
    Column("message_file", Text),
    Column("message_s", Double),
    Column("direction", Text, nullable=False),
    Column("task", Text),
    Column("of", Text),
    Column("attempt", Integer),
    Column("confirmed_at", Double),
    Column("dialled_at", Double),
    Column("outcome", Text),
    Column("segments", Text, nullable=False),  # JSON list
    Column("moves", Integer, nullable=False),
)

recording = Table(
    "recording",
    metadata,
    Column("call_id", Text, ForeignKey("call.call_id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("file", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("talk_s", Double, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("segment", Text, nullable=False),
)

drain_position = Table(
    "drain_position",
    metadata,
    Column("journal", Text, primary_key=True),
    Column("segment", BigInteger, nullable=False),
    Column("offset", BigInteger, nullable=False),
)

Index("ix_call_pii_caller", call.c.pii_caller, call.c.arrived_at)

ticket = Table(
    "ticket",
    metadata,
    Column("id", Text, primary_key=True),
    Column("call_id", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("send_at", Double),
    Column("touched", Boolean, nullable=False),  # a person has written in it
    # Keyed hashes, so that tickets are found by a number that stands in no query, log or index.
    Column("caller_hash", Text, nullable=False),
    Column("phone_hash", Text, nullable=False),
    Column("hash_key", Text, nullable=False),  # which key it was
    Column("type", Text, nullable=False),
    Column("matter", Text, nullable=False),
    Column("street", Text, nullable=False),
    Column("department", Text, nullable=False),
    Column("deadline_at", Double),
    Column("body", Text, nullable=False),  # JSON: all of it but its relations
    Index("ix_ticket_state", "state", "created_at"),
    Index("ix_ticket_agent", "agent", "created_at"),
    Index("ix_ticket_caller_hash", "caller_hash"),
    Index("ix_ticket_phone_hash", "phone_hash"),
)

ticket_field_history = Table(
    "ticket_field_history",
    metadata,
    Column("ticket_id", Text, ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("by", Text, nullable=False),  # "": the system
    Column("how", Text, nullable=False),
    Column("field", Text, nullable=False),  # "": the ticket itself
    Column("version", Integer, nullable=False),
    Column("old", Text, nullable=False),  # JSON
    Column("new", Text, nullable=False),  # JSON
    Column("source", Text),
    Column("confidence", Double),
)

ticket_relation = Table(
    "ticket_relation",
    metadata,
    Column("ticket_id", Text, ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True),
    Column("other_id", Text, ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Double, nullable=False),
)

ticket_outbox = Table(
    "ticket_outbox",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("ticket_id", Text, ForeignKey("ticket.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("state", Text, nullable=False),  # of the ticket as it left
    Column("left_at", Double, nullable=False),
    Column("body", Text, nullable=False),  # JSON: what the city's platform gets
    Column("attempts", Integer, nullable=False),
    Column("next_at", Double, nullable=False),
    Column("delivered_at", Double),
    Column("problem", Text, nullable=False),  # of the last attempt
)
NOT_DELIVERED = "delivered_at IS NULL"
Index(
    "ticket_outbox_waiting",
    ticket_outbox.c.next_at,
    sqlite_where=text(NOT_DELIVERED),
    postgresql_where=text(NOT_DELIVERED),
)

ticket_day = Table(
    "ticket_day",
    metadata,
    Column("day", Text, primary_key=True),
    Column("last", Integer, nullable=False),
)

citizen_tag = Table(
    "citizen_tag",
    metadata,
    Column("pii_caller", Text, primary_key=True),
    Column("tag", Text, primary_key=True),
    Column("by", Text, nullable=False),
    Column("at", Double, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("who", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("on", Text, nullable=False),
    Column("data", Text, nullable=False),  # JSON as text: what was hashed
    Column("hash", Text, nullable=False),
)

transcript = Table(
    "transcript",
    metadata,
    # Of no call row: words are there before a call's record is, and go when its recording goes.
    Column("call_id", Text, primary_key=True),
    Column("segment", Text, primary_key=True),
    Column("source", Text, nullable=False),  # live or recording
    Column("file", Text, nullable=False),
    Column("began_at", Double, nullable=False, index=True),
    Column("seconds", Double, nullable=False),
    Column("model", Text, nullable=False),
    Column("made_at", Double, nullable=False),
)

transcript_line = Table(
    "transcript_line",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("segment", Text, primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False, index=True),
    Column("side", Text, nullable=False),
    Column("pii_text", Text, nullable=False),
    Column("pii_words", Text, nullable=False),  # JSON: [text, start_s, end_s, confidence] of each
    ForeignKeyConstraint(["call_id", "segment"], ["transcript.call_id", "transcript.segment"], ondelete="CASCADE"),
)

half_hour_made = Table(
    "half_hour_made",
    metadata,
    Column("part", Text, primary_key=True),  # calls, or agents
    Column("half_hour", BigInteger, primary_key=True, autoincrement=False),
    Column("way", Integer, nullable=False),  # of counting: cti.metrics.rollups.WAY
    Column("dirty", Boolean, nullable=False),  # what it was made from has changed
    Column("made_at", Double, nullable=False),
)

half_hour_sums = Table(
    "half_hour_sums",
    metadata,
    Column("half_hour", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),  # calls, agents_calls, agents_time
    Column("city", Text, primary_key=True),
    Column("statistics", Text, primary_key=True),  # "": `number` is the number dialled
    Column("number", Text, primary_key=True),
    Column("queue", Text, primary_key=True),
    Column("skill", Text, primary_key=True),
    Column("agent", Text, primary_key=True),
    Column("sums", Text, nullable=False),  # JSON: figures by code, without zeros
)

figures_check = Table(
    "figures_check",
    metadata,
    Column("what", Text, primary_key=True),
    Column("at", Double, primary_key=True),
    Column("looked", Integer, nullable=False),
    Column("differed", Integer, nullable=False),
)

data_gap = Table(
    "data_gap",
    metadata,
    Column("city", Text, primary_key=True),
    Column("since", Double, primary_key=True),
    Column("until", Double, nullable=False),
    Column("why", Text, nullable=False),
)

observed = Table(
    "observed",
    metadata,
    Column("city", Text, primary_key=True),
    Column("until", Double, nullable=False),  # somebody watched Asterisk at this moment
)
