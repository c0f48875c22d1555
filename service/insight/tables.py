"""The tables of insight: surges that were told of."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Float, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from service.columns import Base, RowId, UtcDateTime


class Surge(Base):
    """More cases of a kind than its past explains; open until a day has gone by without an alarm.

    `seen` and `expected` are those of the clearest alarm so far. Words and cases are of the moment
    of detection.
    """

    __tablename__ = "surges"
    __table_args__ = (
        Index("ix_surges_detected", "detected_at"),
        Index("ix_surges_open", "ended_at"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))  # all, category, level, team or channel
    code: Mapped[str] = mapped_column(String(200))
    detected_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_alarm_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    window_hours: Mapped[int] = mapped_column(Integer)
    seen: Mapped[int] = mapped_column(Integer)
    expected: Mapped[float] = mapped_column(Float)
    ratio: Mapped[float] = mapped_column(Float)
    also: Mapped[list[str]] = mapped_column(JSON)  # "team:x": who shows the same surge
    words: Mapped[list[str]] = mapped_column(JSON)
    case_ids: Mapped[list[int]] = mapped_column(JSON)
