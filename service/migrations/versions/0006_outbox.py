"""Events and their deliveries; what escalation and waiting for the customer need of a case."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision: str | None = "0005"
branch_labels: str | None = None
depends_on: str | None = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_FILTERED = ("state", "level", "category", "signals", "team", "channel", "owner", "snoozed_until",
             "first_response_at", "created_at", "verdict_state")  # fmt: skip
_SORTED = {
    "ix_cases_urgency": (("is_open", "priority", "due_at", "id"), ()),
    "ix_cases_uncertainty": (("is_open", "uncertainty", "id"), ("priority", "due_at")),
    "ix_cases_created": (("is_open", "created_at", "id"), ("priority", "due_at")),
}


def upgrade() -> None:
    """Makes the tables; the indexes of the queue get the new column that is filtered by."""
    _make_tables()
    op.add_column("cases", sa.Column("waiting_since", sa.DateTime(timezone=True)))
    for name in ("paused_seconds", "escalation_step"):
        op.add_column("cases", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    _index_queue("waiting_since")
    op.create_index(
        "ix_cases_clock", "cases", ["is_open", "escalation_step", "due_at", "first_response_at"]
    )


def downgrade() -> None:
    """Drops them, with every event that was not delivered yet."""
    op.drop_index("ix_cases_clock", "cases")
    _index_queue()
    for name in ("waiting_since", "paused_seconds", "escalation_step"):
        op.drop_column("cases", name)
    op.drop_table("outbox_deliveries")
    op.drop_table("outbox_events")


def _index_queue(*more: str) -> None:
    for name, (first, last) in _SORTED.items():
        op.drop_index(name, "cases")
        middle = [column for column in (*_FILTERED, *more) if column not in first]
        op.create_index(name, "cases", [*first, *middle, *last])


def _make_tables() -> None:
    op.create_table(
        "outbox_events",
        sa.Column("number", ROW_ID, nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("case_id", sa.BigInteger()),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("is_routed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_outbox_events"),
        sa.UniqueConstraint("id", name="uq_outbox_events_id"),
    )
    op.create_index("ix_outbox_events_routed", "outbox_events", ["is_routed", "number"])
    op.create_index("ix_outbox_events_at", "outbox_events", ["at"])
    op.create_table(
        "outbox_deliveries",
        sa.Column("event_number", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("target", sa.String(64), nullable=False),
        sa.Column("case_key", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_attempt_at", sa.DateTime(timezone=True)),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column("lease", sa.String(40)),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("last_error", sa.String(200)),
        sa.ForeignKeyConstraint(
            ["event_number"],
            ["outbox_events.number"],
            name="fk_outbox_deliveries_event_number",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("event_number", "target", name="pk_outbox_deliveries"),
    )
    op.create_index(
        "ix_outbox_deliveries_due",
        "outbox_deliveries",
        ["state", "target", "next_at", "event_number"],
    )
    op.create_index(
        "ix_outbox_deliveries_case",
        "outbox_deliveries",
        ["target", "case_key", "state", "event_number"],
    )
