"""The tables of the case queue.

`cases` is narrow: everything that is filtered or sorted by stands there and in the indexes; texts
and JSON are in `case_contents`, read for the few cases that are shown.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Float,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from classifier.prediction import Priority
from service.cases.states import State, VerdictKind, VerdictState
from service.columns import Base, OrderedEnum, RowId, SealedJson, SealedText, UtcDateTime

Json = dict[str, object]

# What the queue is filtered by; at the end of each index that it is sorted by, so that rows which
# do not pass are skipped without being read.
_FILTERED = ("state", "level", "category", "signals", "team", "channel", "owner", "snoozed_until",
             "first_response_at", "created_at", "verdict_state", "waiting_since")  # fmt: skip


class Case(Base):
    """One complaint that people look at."""

    __tablename__ = "cases"
    __table_args__ = (
        Index("ix_cases_clock", "is_open", "escalation_step", "due_at", "first_response_at"),
        Index("ix_cases_urgency", "is_open", "priority", "due_at", "id", *_FILTERED),
        Index("ix_cases_uncertainty", "is_open", "uncertainty", "id", *_FILTERED,
              "priority", "due_at"),
        Index("ix_cases_created", "is_open", "created_at", "id",
              *(name for name in _FILTERED if name != "created_at"), "priority", "due_at"),
        Index("ix_cases_customer", "customer_hash", "id"),
        Index("ix_cases_client_id", "client_id"),
        Index("ix_cases_owner", "owner", "is_open", "priority", "due_at", "id"),
        Index("ix_cases_statistics", "created_hour", "state", "response_seconds",
              "resolution_seconds", "due_at", "first_response_at"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    client_id: Mapped[str | None] = mapped_column(String(128))
    created_by: Mapped[str] = mapped_column(String(128))
    customer_hash: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    customer_tier: Mapped[str | None] = mapped_column(String(64))
    contacts: Mapped[int] = mapped_column(SmallInteger)
    channel: Mapped[str | None] = mapped_column(String(64))
    product: Mapped[str | None] = mapped_column(String(64))
    region: Mapped[str | None] = mapped_column(String(64))

    outcome: Mapped[str] = mapped_column(String(20))
    reasons: Mapped[str] = mapped_column(String(100))  # why it is a case, separated by one space
    # As the model found them, or as a verdict corrected them; the prediction stays as it was.
    level: Mapped[int | None] = mapped_column(SmallInteger)
    category: Mapped[str | None] = mapped_column(String(200))
    signals: Mapped[str] = mapped_column(String(1000))  # " legal media ": each code between spaces
    priority: Mapped[Priority] = mapped_column(OrderedEnum(Priority))
    score: Mapped[float | None] = mapped_column(Float)
    uncertainty: Mapped[float] = mapped_column(Float)
    team: Mapped[str] = mapped_column(String(200))
    tier: Mapped[str] = mapped_column(String(64))
    model_version: Mapped[str] = mapped_column(String(200))
    policy_version: Mapped[str] = mapped_column(String(200))
    tokeniser: Mapped[str] = mapped_column(String(200))

    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_hour: Mapped[int]  # hours since 1970, UTC: days of any zone are sums of these
    clock_start_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    first_response_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    response_seconds: Mapped[int | None]
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    resolution_seconds: Mapped[int | None]

    state: Mapped[State] = mapped_column(OrderedEnum(State))
    is_open: Mapped[bool]
    owner: Mapped[str | None] = mapped_column(String(128))
    snoozed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    waiting_since: Mapped[datetime | None] = mapped_column(UtcDateTime)  # for the customer
    paused_seconds: Mapped[int]  # how long the clock stood still; in `due_at` already
    escalation_step: Mapped[int]  # how far `service.outbox.escalation` has gone
    verdict_state: Mapped[VerdictState] = mapped_column(OrderedEnum(VerdictState))
    version: Mapped[int]


class CaseNumber(Base):
    """The highest number of a case that was deleted; one row."""

    __tablename__ = "case_numbers"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(BigInteger)


class CaseContent(Base):
    """The masked text of a case, and what the model and the policy said; offsets fit that text.

    Where no text is kept (`TRIAGE_KEEP_TEXT`) it is empty, and so are the pieces cut from it.
    """

    __tablename__ = "case_contents"

    case_id: Mapped[int] = mapped_column(
        ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    # The text folded, as `service.cases.search` does; empty for one that is encrypted or not kept.
    searchable: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(SealedText)
    prediction: Mapped[Json] = mapped_column(SealedJson)
    decision: Mapped[Json] = mapped_column(JSON)
    # Of a conversation: its masked turns and how it went; `text` is then the customer's part.
    dialogue: Mapped[Json | None] = mapped_column(SealedJson)


class CaseVolume(Base):
    """How many cases of a level or category came in within one hour: the sums that charts show.

    Counting 200,000 cases anew took 180-270 ms of the statistics page's 500.
    """

    __tablename__ = "case_volumes"

    created_hour: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    label: Mapped[str] = mapped_column(String(220), primary_key=True)  # "level:4", "category:x"
    cases: Mapped[int]


class CaseTime(Base):
    """How many cases that came in on one UTC day took so long, to the first response or the end.

    `kind` is response, resolution or late: a first response after the clock had run out.
    """

    __tablename__ = "case_times"

    created_day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # seconds, rounded up
    cases: Mapped[int]
    seconds: Mapped[int] = mapped_column(BigInteger)


class Contact(Base):
    """That a customer wrote, whether it became a case or not; no text, and the id only hashed."""

    __tablename__ = "contacts"
    __table_args__ = (Index("ix_contacts_customer", "customer_hash", "at"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    customer_hash: Mapped[bytes] = mapped_column(LargeBinary(16))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Note(Base):
    """What somebody wrote about a case, masked like the complaint."""

    __tablename__ = "case_notes"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(128))
    text: Mapped[str] = mapped_column(SealedText)


class Verdict(Base):
    """What somebody says is right, beside what the model said; never changed, only added to."""

    __tablename__ = "verdicts"
    __table_args__ = (
        Index("ix_verdicts_case", "case_id", "id"),
        Index("ix_verdicts_statistics", "at", "kind", "predicted_category", "category", "agrees"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(128))
    kind: Mapped[VerdictKind] = mapped_column(OrderedEnum(VerdictKind))
    category: Mapped[str | None] = mapped_column(String(200))
    level: Mapped[int | None] = mapped_column(SmallInteger)
    signals: Mapped[str] = mapped_column(String(1000))
    priority: Mapped[Priority] = mapped_column(OrderedEnum(Priority))
    predicted_category: Mapped[str | None] = mapped_column(String(200))
    predicted_level: Mapped[int | None] = mapped_column(SmallInteger)
    predicted_signals: Mapped[str] = mapped_column(String(1000))
    predicted_priority: Mapped[Priority] = mapped_column(OrderedEnum(Priority))
    is_correction: Mapped[bool]
    agrees: Mapped[bool | None]  # of a second review: with the first
    reason: Mapped[str] = mapped_column(SealedText)
    model_version: Mapped[str] = mapped_column(String(200))
