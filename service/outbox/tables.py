"""The tables of the outbox: what happened, and who still has to be told of it."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum

from sqlalchemy import BigInteger, ForeignKey, Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from service.columns import Base, OrderedEnum, RowId, SealedJson, UtcDateTime

Json = dict[str, object]


class DeliveryState(IntEnum):
    """How far the delivery of an event to one target has come."""

    PENDING = 0
    DELIVERED = 1
    DEAD = 2  # given up, until somebody replays it


class OutboxEvent(Base):
    """Something that happened, with its payload as it is sent; never changed.

    Numbers are in the order of the changes: whoever writes one holds the lock of the audit log.
    """

    __tablename__ = "outbox_events"
    __table_args__ = (
        Index("ix_outbox_events_routed", "is_routed", "number"),
        Index("ix_outbox_events_case", "case_id"),
    )

    number: Mapped[int] = mapped_column(RowId, primary_key=True)
    id: Mapped[str] = mapped_column(String(40), unique=True)
    type: Mapped[str] = mapped_column(String(40))
    case_id: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    payload: Mapped[Json] = mapped_column(SealedJson)  # a surge's has words of texts
    addressee: Mapped[str | None] = mapped_column(String(64))  # the one target; None: subscribers
    order_key: Mapped[int | None] = mapped_column(BigInteger)  # instead of the case's number
    is_routed: Mapped[bool]  # whether the deliveries it asks for have been made


class OutboxDelivery(Base):
    """One event on its way to one target; `lease_until` keeps other workers off it meanwhile."""

    __tablename__ = "outbox_deliveries"
    __table_args__ = (
        Index("ix_outbox_deliveries_due", "state", "target", "next_at", "event_number"),
        Index("ix_outbox_deliveries_case", "target", "case_key", "state", "event_number"),
    )

    event_number: Mapped[int] = mapped_column(
        ForeignKey("outbox_events.number", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    target: Mapped[str] = mapped_column(String(64), primary_key=True)
    # Events of one case go in order; 0: no case; below 0: another order, as the event asked.
    case_key: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[DeliveryState] = mapped_column(OrderedEnum(DeliveryState))
    attempts: Mapped[int] = mapped_column(SmallInteger)
    next_at: Mapped[datetime] = mapped_column(UtcDateTime)
    first_attempt_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # delivered or given up
    lease: Mapped[str | None] = mapped_column(String(40))  # of whom
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(String(200))


class ServedModel(Base):
    """The model that workers last saw in `CURRENT`; one row."""

    __tablename__ = "served_model"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    version: Mapped[str] = mapped_column(String(200))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
