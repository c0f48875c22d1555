"""What customers answered when they were asked about a case."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision: str | None = "0013"
branch_labels: str | None = None
depends_on: str | None = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Makes the table."""
    op.create_table(
        "case_ratings",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("case_id", ROW_ID, nullable=False),
        sa.Column("rating_id", sa.String(128)),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("csat", sa.SmallInteger()),
        sa.Column("nps", sa.SmallInteger()),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name="fk_case_ratings_case_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_case_ratings"),
        sa.UniqueConstraint("case_id", "rating_id", name="uq_case_ratings_case_id_rating_id"),
    )


def downgrade() -> None:
    """Drops it, with every answer."""
    op.drop_table("case_ratings")
