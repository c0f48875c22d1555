"""What finds a person's data to delete it, what checks text keys, and room for encrypted words."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision: str | None = "0015"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Adds them; whose the tickets are that are there nobody knows, but through their cases."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "text_key_checks",
        sa.Column("id", number, nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_text_key_checks"),
    )
    op.create_table(
        "case_numbers",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_case_numbers"),
    )
    op.execute("INSERT INTO case_numbers (id, last) VALUES (1, 0)")
    op.add_column("adapter_tickets", sa.Column("customer_hash", sa.LargeBinary(16)))
    op.create_index("ix_adapter_tickets_customer_hash", "adapter_tickets", ["customer_hash"])
    op.create_index("ix_outbox_events_case", "outbox_events", ["case_id"])
    if op.get_bind().dialect.name == "postgresql":  # SQLite holds nobody to a length
        op.alter_column("issues", "name", type_=sa.Text())
        op.alter_column("emerging_words", "word", type_=sa.Text())


def downgrade() -> None:
    """Takes them away; encrypted words are found anew and dropped, they would not fit."""
    op.execute("DELETE FROM emerging_words")
    op.execute("DELETE FROM issues")
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("emerging_words", "word", type_=sa.String(64))
        op.alter_column("issues", "name", type_=sa.String(100))
    op.drop_index("ix_outbox_events_case", "outbox_events")
    op.drop_index("ix_adapter_tickets_customer_hash", "adapter_tickets")
    op.drop_column("adapter_tickets", "customer_hash")
    op.drop_table("case_numbers")
    op.drop_table("text_key_checks")
