"""Runs the revisions on the connection that `service.db` hands over."""

from __future__ import annotations

from alembic import context

import service.adapters.tables
import service.cases.tables
import service.drift.tables
import service.insight.tables
import service.intake.tables
import service.outbox.tables
import service.quality.tables
import service.shadow.tables
import service.tables
from service.columns import Base

_MODULES = (
    service.adapters.tables,
    service.cases.tables,
    service.drift.tables,
    service.insight.tables,
    service.intake.tables,
    service.outbox.tables,
    service.quality.tables,
    service.shadow.tables,
    service.tables,
)  # their import fills the metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite changes a column by copying the table
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
