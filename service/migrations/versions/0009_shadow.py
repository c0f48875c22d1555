"""A candidate model beside the current one: sums of both answers, and its answers to cases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision: str | None = "0008"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "shadow_counts",
        sa.Column("current", sa.String(200), nullable=False),
        sa.Column("candidate", sa.String(200), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("part", sa.String(16), nullable=False),
        sa.Column("said", sa.String(200), nullable=False),
        sa.Column("candidate_said", sa.String(200), nullable=False),
        sa.Column("texts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "current", "candidate", "day", "part", "said", "candidate_said",
            name="pk_shadow_counts",
        ),
    )  # fmt: skip
    op.create_table(
        "shadow_answers",
        sa.Column("case_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("candidate", sa.String(200), nullable=False),
        sa.Column("category", sa.String(200), nullable=True),
        sa.Column("level", sa.SmallInteger(), nullable=True),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], ondelete="CASCADE", name="fk_shadow_answers_case_id"
        ),
        sa.PrimaryKeyConstraint("case_id", "candidate", name="pk_shadow_answers"),
    )


def downgrade() -> None:
    """Drops them."""
    op.drop_table("shadow_answers")
    op.drop_table("shadow_counts")
