"""Sums by half hour, what is known of them, and the times in which nobody saw what happened.

They are made from the records of before too, by the daemon, in the background.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "half_hour_made",
        sa.Column("part", sa.Text(), primary_key=True),
        sa.Column("half_hour", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("way", sa.Integer(), nullable=False),
        sa.Column("dirty", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
    )
    op.create_table(
        "half_hour_sums",
        sa.Column("half_hour", sa.BigInteger(), primary_key=True, autoincrement=False),
        *(
            sa.Column(name, sa.Text(), primary_key=True)
            for name in ("kind", "city", "statistics", "number", "queue", "skill", "agent")
        ),
        sa.Column("sums", sa.Text(), nullable=False),
    )
    op.create_table(
        "figures_check",
        sa.Column("what", sa.Text(), primary_key=True),
        sa.Column("at", sa.Double(), primary_key=True),
        sa.Column("looked", sa.Integer(), nullable=False),
        sa.Column("differed", sa.Integer(), nullable=False),
    )
    op.create_table(
        "data_gap",
        sa.Column("city", sa.Text(), primary_key=True),
        sa.Column("since", sa.Double(), primary_key=True),
        sa.Column("until", sa.Double(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
    )
    op.create_table(
        "observed",
        sa.Column("city", sa.Text(), primary_key=True),
        sa.Column("until", sa.Double(), nullable=False),
    )


def downgrade() -> None:
    for table in ("observed", "data_gap", "figures_check", "half_hour_sums", "half_hour_made"):
        op.drop_table(table)
