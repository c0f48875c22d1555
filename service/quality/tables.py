"""What customers answered when they were asked about a case."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.columns import Base, RowId, UtcDateTime


class Rating(Base):
    """One answer on a case; only added to, so that a later answer never hides an earlier one."""

    __tablename__ = "case_ratings"
    # Led by the case, so it also finds all answers on one.
    __table_args__ = (
        UniqueConstraint("case_id", "rating_id", name="uq_case_ratings_case_id_rating_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    rating_id: Mapped[str | None] = mapped_column(String(128))  # the client's own
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(128))
    csat: Mapped[int | None] = mapped_column(SmallInteger)  # 1-5
    nps: Mapped[int | None] = mapped_column(SmallInteger)  # 0-10
