"""The tables of drift: counts by hour, and what was found last."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from service.columns import Base, UtcDateTime


class DriftCount(Base):
    """How many texts of one hour were in one bin of a measure of `classifier.profile`."""

    __tablename__ = "drift_counts"

    hour: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # since 1970
    model_version: Mapped[str] = mapped_column(String(200), primary_key=True)
    measure: Mapped[str] = mapped_column(String(16), primary_key=True)
    bin: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    texts: Mapped[int] = mapped_column(BigInteger)


class DriftState(Base):
    """What was found last, and of which measures people have been told; one row."""

    __tablename__ = "drift_state"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    model_version: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    findings: Mapped[list[dict[str, object]]] = mapped_column(JSON)
    told: Mapped[list[str]] = mapped_column(JSON)
