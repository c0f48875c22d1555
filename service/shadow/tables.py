"""The tables of a trial: sums of what both models said, and the candidate's answers to cases."""

from __future__ import annotations

from sqlalchemy import ForeignKey, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from classifier.prediction import Priority
from service.columns import Base, OrderedEnum


class ShadowCount(Base):
    """On how many complaints of one UTC day the models said this and that; no text, no ids."""

    __tablename__ = "shadow_counts"

    current: Mapped[str] = mapped_column(String(200), primary_key=True)
    candidate: Mapped[str] = mapped_column(String(200), primary_key=True)
    day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # since 1970
    part: Mapped[str] = mapped_column(String(16), primary_key=True)  # of `compare.Answer`
    said: Mapped[str] = mapped_column(String(200), primary_key=True)
    candidate_said: Mapped[str] = mapped_column(String(200), primary_key=True)
    texts: Mapped[int]


class ShadowAnswer(Base):
    """What the candidate says of a case; people's verdicts on the case judge both."""

    __tablename__ = "shadow_answers"

    case_id: Mapped[int] = mapped_column(
        ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    candidate: Mapped[str] = mapped_column(String(200), primary_key=True)
    category: Mapped[str | None] = mapped_column(String(200))
    level: Mapped[int | None] = mapped_column(SmallInteger)
    priority: Mapped[Priority] = mapped_column(OrderedEnum(Priority))
