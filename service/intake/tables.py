"""How far each source was read; moved in the transaction of the cases that were made of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from service.columns import Base, UtcDateTime


class IntakeCursor(Base):
    """One source; neither its address nor anything out of it can be recognised in the row."""

    __tablename__ = "intake_cursors"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)  # keyed hash of what it is
    number: Mapped[int] = mapped_column(BigInteger)  # of the last entry that was taken
    mark: Mapped[str] = mapped_column(
        String(64)
    )  # keyed hash of a file up to there, or the mailbox's own
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
