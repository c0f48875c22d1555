"""What a complaint is about and where: a product and a region, as the client names them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision: str | None = "0014"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Adds the columns; of the cases that are there nobody knows."""
    for name in ("product", "region"):
        op.add_column("cases", sa.Column(name, sa.String(64)))


def downgrade() -> None:
    """Drops them."""
    for name in ("product", "region"):
        op.drop_column("cases", name)
