"""Sums of how long cases took, by the day they came in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision: str | None = "0004"
branch_labels: str | None = None
depends_on: str | None = None

_STEP = (
    "CASE WHEN {0} <= 3600 THEN ({0} + 59) / 60 * 60 "
    "WHEN {0} <= 28800 THEN ({0} + 599) / 600 * 600 "
    "WHEN {0} <= 604800 THEN ({0} + 3599) / 3600 * 3600 "
    "ELSE ({0} + 86399) / 86400 * 86400 END"
)


def upgrade() -> None:
    """Makes the table, with the sums of the cases that are there."""
    op.create_table(
        "case_times",
        sa.Column("created_day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("step", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("created_day", "kind", "step", name="pk_case_times"),
    )
    for kind in ("response", "resolution"):
        column = f"{kind}_seconds"
        op.execute(
            "INSERT INTO case_times (created_day, kind, step, cases, seconds) "  # noqa: S608  (our own names)
            f"SELECT created_hour / 24, '{kind}', {_STEP.format(column)}, COUNT(*), SUM({column}) "
            f"FROM cases WHERE {column} IS NOT NULL GROUP BY 1, 3"
        )
    op.execute(
        "INSERT INTO case_times (created_day, kind, step, cases, seconds) "
        "SELECT created_hour / 24, 'late', 0, COUNT(*), 0 "
        "FROM cases WHERE first_response_at > due_at GROUP BY 1"
    )


def downgrade() -> None:
    """Drops it; all of it can be counted again."""
    op.drop_table("case_times")
