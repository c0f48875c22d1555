"""The tables of insight: surges that were told of, frequent issues, emerging words."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Boolean, Float, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.columns import Base, RowId, SealedJson, SealedText, UtcDateTime


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
    kind: Mapped[str] = mapped_column(String(16))  # of `arrivals.series_of`
    code: Mapped[str] = mapped_column(String(200))
    detected_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_alarm_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    window_hours: Mapped[int] = mapped_column(Integer)
    seen: Mapped[int] = mapped_column(Integer)
    expected: Mapped[float] = mapped_column(Float)
    ratio: Mapped[float] = mapped_column(Float)
    also: Mapped[list[str]] = mapped_column(JSON)  # "team:x": who shows the same surge
    words: Mapped[list[str]] = mapped_column(SealedJson)
    case_ids: Mapped[list[int]] = mapped_column(JSON)


class Issue(Base):
    """A concrete problem that recurs within a category; its number stays while it is the same.

    The numbers are those of the last grouping, over the days of `daily`, the last of which is the
    day of `built_at`. One that is no longer found is not current, and may come back.
    """

    __tablename__ = "issues"
    __table_args__ = (Index("ix_issues_category", "is_current", "category"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    category: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(SealedText)
    team: Mapped[str] = mapped_column(String(200))  # the one that most of its cases go to
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
    built_at: Mapped[datetime] = mapped_column(UtcDateTime)
    is_current: Mapped[bool] = mapped_column(Boolean)
    cases: Mapped[int] = mapped_column(Integer)
    daily: Mapped[list[int]] = mapped_column(JSON)
    levels: Mapped[dict[str, int]] = mapped_column(JSON)  # "4": cases; "" are those not judged
    words: Mapped[list[str]] = mapped_column(SealedJson)
    terms: Mapped[dict[str, float]] = mapped_column(SealedJson)  # the centre, to find it again by
    case_ids: Mapped[list[int]] = mapped_column(JSON)  # the most central first


class EmergingWord(Base):
    """A word that was in more cases of the last days than before; all of one look together."""

    __tablename__ = "emerging_words"
    __table_args__ = (UniqueConstraint("days", "category", "word", name="uq_emerging_words_word"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    days: Mapped[int] = mapped_column(Integer)
    category: Mapped[str] = mapped_column(String(200))  # "" for all
    word: Mapped[str] = mapped_column(SealedText)
    is_compound: Mapped[bool] = mapped_column(Boolean)
    now: Mapped[int] = mapped_column(Integer)
    before: Mapped[int] = mapped_column(Integer)
    now_of: Mapped[int] = mapped_column(Integer)  # cases in all
    before_of: Mapped[int] = mapped_column(Integer)
    z: Mapped[float] = mapped_column(Float)
    case_ids: Mapped[list[int]] = mapped_column(JSON)
    built_at: Mapped[datetime] = mapped_column(UtcDateTime)
