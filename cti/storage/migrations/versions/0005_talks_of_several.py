"""Talks that several take part in: who, from when to when, and how often the citizen was handed over or sent on.

Records of before say nothing of it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_OF_ONE = "'offered', 'offer_failed', 'answered', 'held', 'unheld', 'talk_ended'"
_OF_SEVERAL = "'party_asked', 'party_joined', 'party_failed', 'party_left', 'handed_over'"


def upgrade() -> None:
    op.add_column("call", sa.Column("segments", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("call", sa.Column("moves", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("recording", sa.Column("segment", sa.Text(), nullable=False, server_default=""))
    _index(f"{_OF_ONE}, {_OF_SEVERAL}")


def downgrade() -> None:
    _index(_OF_ONE)
    op.drop_column("recording", "segment")
    op.drop_column("call", "moves")
    op.drop_column("call", "segments")


def _index(kinds: str) -> None:
    """What calls do at agents' desks."""
    where = sa.text(f"kind IN ({kinds})")
    op.drop_index("milestone_desk", "milestone")
    op.create_index("milestone_desk", "milestone", ["at"], sqlite_where=where, postgresql_where=where)
