"""Tickets of other systems with their messages, events for one addressee, cursors of sources."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision: str | None = "0006"
branch_labels: str | None = None
depends_on: str | None = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Makes the tables and adds the two columns."""
    op.add_column("outbox_events", sa.Column("addressee", sa.String(64)))
    op.add_column("outbox_events", sa.Column("order_key", sa.BigInteger()))
    op.create_table(
        "adapter_tickets",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("adapter", sa.String(48), nullable=False),
        sa.Column("ticket", sa.String(64), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_adapter_tickets"),
    )
    op.create_index("ix_adapter_tickets_ticket", "adapter_tickets", ["adapter", "ticket"],
                    unique=True)  # fmt: skip
    op.create_table(
        "adapter_messages",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("message", sa.String(128), nullable=False),
        sa.Column("text_hash", sa.LargeBinary(16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_first", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("case_id", sa.BigInteger()),
        sa.Column("findings", sa.JSON()),
        sa.ForeignKeyConstraint(
            ["ticket_id"],
            ["adapter_tickets.id"],
            name="fk_adapter_messages_ticket_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_adapter_messages"),
    )
    op.create_index("ix_adapter_messages_message", "adapter_messages", ["ticket_id", "message"],
                    unique=True)  # fmt: skip
    op.create_index("ix_adapter_messages_at", "adapter_messages", ["at"])
    op.create_table(
        "intake_cursors",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_intake_cursors"),
    )


def downgrade() -> None:
    """Drops them, with everything that was not written back yet."""
    op.drop_table("intake_cursors")
    op.drop_table("adapter_messages")
    op.drop_table("adapter_tickets")
    events = sa.table("outbox_events", sa.column("addressee"))
    op.execute(events.delete().where(events.c.addressee.is_not(None)))
    op.drop_column("outbox_events", "order_key")
    op.drop_column("outbox_events", "addressee")
