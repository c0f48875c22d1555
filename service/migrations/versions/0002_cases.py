"""Cases with their texts, notes, verdicts and search terms."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Makes the tables of the case queue."""
    op.create_table(
        "cases",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("client_id", sa.String(128)),
        sa.Column("created_by", sa.String(128), nullable=False),
        sa.Column("customer_hash", sa.LargeBinary(16)),
        sa.Column("customer_tier", sa.String(64)),
        sa.Column("contacts", sa.SmallInteger(), nullable=False),
        sa.Column("channel", sa.String(64)),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("reasons", sa.String(100), nullable=False),
        sa.Column("level", sa.SmallInteger()),
        sa.Column("category", sa.String(200)),
        sa.Column("signals", sa.String(1000), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("score", sa.Float()),
        sa.Column("uncertainty", sa.Float(), nullable=False),
        sa.Column("team", sa.String(200), nullable=False),
        sa.Column("tier", sa.String(64), nullable=False),
        sa.Column("model_version", sa.String(200), nullable=False),
        sa.Column("policy_version", sa.String(200), nullable=False),
        sa.Column("tokeniser", sa.String(200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_hour", sa.Integer(), nullable=False),
        sa.Column("clock_start_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_response_at", sa.DateTime(timezone=True)),
        sa.Column("response_seconds", sa.Integer()),
        sa.Column("resolved_at", sa.DateTime(timezone=True)),
        sa.Column("resolution_seconds", sa.Integer()),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("owner", sa.String(128)),
        sa.Column("snoozed_until", sa.DateTime(timezone=True)),
        sa.Column("verdict_state", sa.SmallInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
    )
    op.create_index("ix_cases_client_id", "cases", ["client_id"])
    op.create_index(
        "ix_cases_created",
        "cases",
        [
            "is_open",
            "created_at",
            "id",
            "state",
            "level",
            "category",
            "signals",
            "team",
            "channel",
            "owner",
            "snoozed_until",
            "first_response_at",
            "verdict_state",
            "priority",
            "due_at",
        ],
    )
    op.create_index("ix_cases_customer", "cases", ["customer_hash", "id"])
    op.create_index("ix_cases_owner", "cases", ["owner", "is_open", "priority", "due_at", "id"])
    op.create_index(
        "ix_cases_statistics",
        "cases",
        [
            "created_hour",
            "state",
            "response_seconds",
            "resolution_seconds",
            "due_at",
            "first_response_at",
        ],
    )
    op.create_index(
        "ix_cases_uncertainty",
        "cases",
        [
            "is_open",
            "uncertainty",
            "id",
            "state",
            "level",
            "category",
            "signals",
            "team",
            "channel",
            "owner",
            "snoozed_until",
            "first_response_at",
            "created_at",
            "verdict_state",
            "priority",
            "due_at",
        ],
    )
    op.create_index(
        "ix_cases_urgency",
        "cases",
        [
            "is_open",
            "priority",
            "due_at",
            "id",
            "state",
            "level",
            "category",
            "signals",
            "team",
            "channel",
            "owner",
            "snoozed_until",
            "first_response_at",
            "created_at",
            "verdict_state",
        ],
    )
    op.create_table(
        "case_volumes",
        sa.Column("created_hour", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("label", sa.String(220), nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("created_hour", "label", name="pk_case_volumes"),
    )
    op.create_table(
        "contacts",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("customer_hash", sa.LargeBinary(16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_contacts"),
    )
    op.create_index("ix_contacts_customer", "contacts", ["customer_hash", "at"])
    op.create_table(
        "case_contents",
        sa.Column("case_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("searchable", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("prediction", sa.JSON(), nullable=False),
        sa.Column("decision", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name="fk_case_contents_case_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("case_id", name="pk_case_contents"),
    )
    op.create_table(
        "case_notes",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("case_id", ROW_ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name="fk_case_notes_case_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_case_notes"),
    )
    op.create_index("ix_case_notes_case_id", "case_notes", ["case_id"])
    op.create_table(
        "verdicts",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("case_id", ROW_ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("category", sa.String(200)),
        sa.Column("level", sa.SmallInteger()),
        sa.Column("signals", sa.String(1000), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("predicted_category", sa.String(200)),
        sa.Column("predicted_level", sa.SmallInteger()),
        sa.Column("predicted_signals", sa.String(1000), nullable=False),
        sa.Column("predicted_priority", sa.SmallInteger(), nullable=False),
        sa.Column("is_correction", sa.Boolean(), nullable=False),
        sa.Column("agrees", sa.Boolean()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("model_version", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name="fk_verdicts_case_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_verdicts"),
    )
    op.create_index("ix_verdicts_case", "verdicts", ["case_id", "id"])
    op.create_index(
        "ix_verdicts_statistics",
        "verdicts",
        ["at", "kind", "predicted_category", "category", "agrees"],
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE TABLE case_terms (case_id bigint PRIMARY KEY, terms text[] NOT NULL)")
        op.execute("CREATE INDEX ix_case_terms_terms ON case_terms USING gin (terms)")
    else:
        op.execute(
            "CREATE VIRTUAL TABLE case_terms USING fts5"
            "(terms, content='', columnsize=0, detail=none, tokenize='unicode61')"
        )


def downgrade() -> None:
    """Drops them, with every case and verdict."""
    for table in (
        "case_terms",
        "verdicts",
        "case_notes",
        "contacts",
        "case_volumes",
        "case_contents",
        "cases",
    ):
        op.drop_table(table)
