"""Tickets of other systems that were seen, and which of their messages were classified.

No text is kept: `findings` is what was found in a message, with personal data masked, for the note
that is written back.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from classifier.prediction import Priority
from service.columns import Base, OrderedEnum, RowId, SealedJson, UtcDateTime

Json = dict[str, object]
MAX_TICKET_CHARS, MAX_MESSAGE_CHARS = 64, 128


class AdapterTicket(Base):
    """One ticket of one system."""

    __tablename__ = "adapter_tickets"
    __table_args__ = (Index("ix_adapter_tickets_ticket", "adapter", "ticket", unique=True),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    adapter: Mapped[str] = mapped_column(String(48))
    ticket: Mapped[str] = mapped_column(String(MAX_TICKET_CHARS))  # as that system numbers it
    priority: Mapped[Priority] = mapped_column(OrderedEnum(Priority))  # the most urgent so far
    messages: Mapped[int]  # how many were classified
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    customer_hash: Mapped[bytes | None] = mapped_column(LargeBinary(16), index=True)


class AdapterMessage(Base):
    """One message of a customer that was classified, once."""

    __tablename__ = "adapter_messages"
    __table_args__ = (
        Index("ix_adapter_messages_message", "ticket_id", "message", unique=True),
        Index("ix_adapter_messages_at", "at"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("adapter_tickets.id", ondelete="CASCADE")
    )
    message: Mapped[str] = mapped_column(String(MAX_MESSAGE_CHARS))
    text_hash: Mapped[bytes] = mapped_column(LargeBinary(16))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    is_first: Mapped[bool]  # of its ticket
    priority: Mapped[Priority] = mapped_column(OrderedEnum(Priority))  # of the ticket, after it
    case_id: Mapped[int | None] = mapped_column(BigInteger)
    findings: Mapped[Json | None] = mapped_column(SealedJson)  # None: had its time
