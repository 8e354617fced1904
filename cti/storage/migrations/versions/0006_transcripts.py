"""What was said in calls, as text with times."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "transcript",
        sa.Column("call_id", sa.Text(), primary_key=True),
        sa.Column("segment", sa.Text(), primary_key=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("began_at", sa.Double(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
    )
    op.create_index("ix_transcript_began_at", "transcript", ["began_at"])
    op.create_table(
        "transcript_line",
        sa.Column("call_id", sa.Text(), primary_key=True),
        sa.Column("segment", sa.Text(), primary_key=True),
        sa.Column("n", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("pii_text", sa.Text(), nullable=False),
        sa.Column("pii_words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id", "segment"], ["transcript.call_id", "transcript.segment"], ondelete="CASCADE"
        ),
    )
    op.create_index("ix_transcript_line_at", "transcript_line", ["at"])


def downgrade() -> None:
    op.drop_table("transcript_line")
    op.drop_table("transcript")
