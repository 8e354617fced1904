"""What a caller was told and offered while he waited, calls of ours to citizens, and the indexes of "why did he wait".

Records of before have nothing of it: they get what an uneventful incoming call has.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_DESK = sa.text("kind IN ('offered', 'offer_failed', 'answered', 'held', 'unheld', 'talk_ended')")
_BESIDE = sa.text("stream <> 'call'")


def upgrade() -> None:
    for column in (
        sa.Column("kept_s", sa.Double(), nullable=False, server_default="0"),
        sa.Column("relaxed", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("estimate_s", sa.Double()),
        sa.Column("spoken_min", sa.Integer()),
        sa.Column("rungs", sa.Text(), nullable=False, server_default="[]"),
        sa.Column("notices", sa.Text(), nullable=False, server_default="[]"),
        sa.Column("held_s", sa.Double(), nullable=False, server_default="0"),
        sa.Column("agent_lost", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("callback_requested", sa.Text()),
        sa.Column("message_file", sa.Text()),
        sa.Column("message_s", sa.Double()),
        sa.Column("direction", sa.Text(), nullable=False, server_default="in"),
        sa.Column("task", sa.Text()),
        sa.Column("of", sa.Text()),
        sa.Column("attempt", sa.Integer()),
        sa.Column("confirmed_at", sa.Double()),
        sa.Column("dialled_at", sa.Double()),
        sa.Column("outcome", sa.Text()),
    ):
        op.add_column("call", column)
    op.create_index("ix_call_sip_call_id", "call", ["sip_call_id"])
    op.create_index("milestone_desk", "milestone", ["at"], sqlite_where=_DESK, postgresql_where=_DESK)
    op.create_index("milestone_beside", "milestone", ["stream", "at"], sqlite_where=_BESIDE, postgresql_where=_BESIDE)


def downgrade() -> None:
    op.drop_index("milestone_beside", "milestone")
    op.drop_index("milestone_desk", "milestone")
    op.drop_index("ix_call_sip_call_id", "call")
    for column in (
        "outcome",
        "dialled_at",
        "confirmed_at",
        "attempt",
        "of",
        "task",
        "direction",
        "message_s",
        "message_file",
        "callback_requested",
        "agent_lost",
        "held_s",
        "notices",
        "rungs",
        "spoken_min",
        "estimate_s",
        "relaxed",
        "kept_s",
    ):
        op.drop_column("call", column)
