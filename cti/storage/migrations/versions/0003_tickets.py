"""Tickets with their history, relations and outbox; marks of citizens; calls by their caller."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NOT_DELIVERED = sa.text("delivered_at IS NULL")


def upgrade() -> None:
    op.create_index("ix_call_pii_caller", "call", ["pii_caller", "arrived_at"])
    op.create_table(
        "ticket",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("call_id", sa.Text(), nullable=False, unique=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("send_at", sa.Double()),
        sa.Column("touched", sa.Boolean(), nullable=False),
        sa.Column("caller_hash", sa.Text(), nullable=False),
        sa.Column("phone_hash", sa.Text(), nullable=False),
        sa.Column("hash_key", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("matter", sa.Text(), nullable=False),
        sa.Column("street", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("deadline_at", sa.Double()),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("ix_ticket_state", "ticket", ["state", "created_at"])
    op.create_index("ix_ticket_agent", "ticket", ["agent", "created_at"])
    op.create_index("ix_ticket_caller_hash", "ticket", ["caller_hash"])
    op.create_index("ix_ticket_phone_hash", "ticket", ["phone_hash"])
    op.create_table(
        "ticket_field_history",
        sa.Column("ticket_id", sa.Text(), sa.ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("n", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("old", sa.Text(), nullable=False),
        sa.Column("new", sa.Text(), nullable=False),
        sa.Column("source", sa.Text()),
        sa.Column("confidence", sa.Double()),
    )
    op.create_table(
        "ticket_relation",
        sa.Column("ticket_id", sa.Text(), sa.ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("other_id", sa.Text(), sa.ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
    )
    op.create_table(
        "ticket_outbox",
        sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("ticket_id", sa.Text(), sa.ForeignKey("ticket.id", ondelete="CASCADE"), nullable=False, unique=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("left_at", sa.Double(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.Double(), nullable=False),
        sa.Column("delivered_at", sa.Double()),
        sa.Column("problem", sa.Text(), nullable=False),
    )
    op.create_index(
        "ticket_outbox_waiting",
        "ticket_outbox",
        ["next_at"],
        sqlite_where=_NOT_DELIVERED,
        postgresql_where=_NOT_DELIVERED,
    )
    op.create_table(
        "ticket_day",
        sa.Column("day", sa.Text(), primary_key=True),
        sa.Column("last", sa.Integer(), nullable=False),
    )
    op.create_table(
        "citizen_tag",
        sa.Column("pii_caller", sa.Text(), primary_key=True),
        sa.Column("tag", sa.Text(), primary_key=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
    )


def downgrade() -> None:
    for table in (
        "citizen_tag",
        "ticket_day",
        "ticket_outbox",
        "ticket_relation",
        "ticket_field_history",
        "ticket",
    ):
        op.drop_table(table)
    op.drop_index("ix_call_pii_caller", "call")
