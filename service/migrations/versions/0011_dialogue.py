"""Conversations: the masked turns of a case and how it went."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision: str | None = "0010"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Adds the column; cases from before have none."""
    op.add_column("case_contents", sa.Column("dialogue", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Drops it."""
    op.drop_column("case_contents", "dialogue")
