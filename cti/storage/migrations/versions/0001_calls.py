"""The first tables: milestones, call records, their recordings, drain positions."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "call",
        sa.Column("call_id", sa.Text(), primary_key=True),
        sa.Column("pii_caller", sa.Text(), nullable=False),
        sa.Column("dialled", sa.Text(), nullable=False),
        sa.Column("original", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("statistics", sa.Text(), nullable=False),
        sa.Column("medium", sa.Text(), nullable=False),
        sa.Column("sip_call_id", sa.Text(), nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("flow_version", sa.Text(), nullable=False),
        sa.Column("arrived_at", sa.Double(), nullable=False),
        sa.Column("menu_entered_at", sa.Double()),
        sa.Column("human_asked_at", sa.Double()),
        sa.Column("queued_at", sa.Double()),
        sa.Column("first_offered_at", sa.Double()),
        sa.Column("answered_at", sa.Double()),
        sa.Column("ended_at", sa.Double()),
        sa.Column("ended_side", sa.Text()),
        sa.Column("ended_place", sa.Text()),
        sa.Column("lost_at", sa.Text()),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text()),
        sa.Column("skill", sa.Text()),
        sa.Column("agents", sa.Text(), nullable=False),
        sa.Column("offers", sa.Integer(), nullable=False),
        sa.Column("wait_queue_s", sa.Double()),
        sa.Column("wait_total_s", sa.Double()),
        sa.Column("talk_s", sa.Double(), nullable=False),
        sa.Column("score", sa.Integer()),
        sa.Column("satisfied", sa.Boolean()),
        sa.Column("survey_offered", sa.Boolean(), nullable=False),
        sa.Column("survey_scale", sa.Integer()),
        sa.Column("transferred_to", sa.Text()),
        sa.Column("resumed", sa.Integer(), nullable=False),
        sa.Column("fell_back", sa.Boolean(), nullable=False),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("contradictions", sa.Text()),
    )
    op.create_index("ix_call_arrived_at", "call", ["arrived_at"])
    op.create_table(
        "drain_position",
        sa.Column("journal", sa.Text(), primary_key=True),
        sa.Column("segment", sa.BigInteger(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "milestone",
        sa.Column("stream", sa.Text(), primary_key=True),
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
    )
    arrived = sa.text("kind = 'arrived'")
    op.create_index("milestone_arrived", "milestone", ["at"], sqlite_where=arrived, postgresql_where=arrived)
    op.create_table(
        "recording",
        sa.Column("call_id", sa.Text(), sa.ForeignKey("call.call_id", ondelete="CASCADE"), primary_key=True),
        sa.Column("n", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("talk_s", sa.Double(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("recording")
    op.drop_table("milestone")
    op.drop_table("drain_position")
    op.drop_table("call")
