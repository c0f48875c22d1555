"""Who may ask, who may decide, what was changed, and replies kept for repeated requests."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum, StrEnum

from sqlalchemy import Enum, ForeignKey, Index, LargeBinary, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from service.columns import Base, RowId, UtcDateTime


class Scope(StrEnum):
    """What an API key may be used for."""

    CLASSIFY = "classify"
    CASES = "cases"
    METRICS = "metrics"
    ADMIN = "admin"


class Role(IntEnum):
    """What a person may do on the pages; a higher role may do all that a lower one may.

    A viewer reads; a reviewer works cases and gives verdicts; an adjudicator settles where two
    reviewers disagree and takes cases over; an admin also makes users and keys.
    """

    VIEWER = 1
    REVIEWER = 2
    ADJUDICATOR = 3
    ADMIN = 4


class ApiKey(Base):
    """A client's key; only the SHA-256 of its 256-bit random secret is kept."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    scopes: Mapped[str] = mapped_column(String(200))  # separated by one space, sorted
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class User(Base):
    """A person who works on cases; the password is kept as an argon2id hash."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    role: Mapped[Role] = mapped_column(
        Enum(Role, native_enum=False, create_constraint=False, length=20)
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LoginAttempt(Base):
    """Failed passwords for one name, whether there is such a user or not."""

    __tablename__ = "login_attempts"

    name_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    failures: Mapped[int] = mapped_column(SmallInteger)
    failed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LoginSession(Base):
    """A person's session on the pages; only the SHA-256 of its random token is kept."""

    __tablename__ = "login_sessions"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    source: Mapped[str] = mapped_column(String(64))


class AuditEntry(Base):
    """One change: who, when, what before, what after, from where; chained to the entry before."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_subject", "subject", "id"),
        Index("ix_audit_entries_actor", "actor", "id"),
        Index("ix_audit_entries_action", "action", "id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(128))
    source: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(128))  # "case:17", "user:3"
    subject_version: Mapped[int | None]
    before: Mapped[str] = mapped_column(Text)  # JSON; its exact characters are part of the chain
    after: Mapped[str] = mapped_column(Text)
    link: Mapped[bytes] = mapped_column(LargeBinary(32))


class AuditHead(Base):
    """The one row that says how long the chain is; it is locked while an entry is added."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    entries: Mapped[int] = mapped_column(RowId)
    link: Mapped[bytes] = mapped_column(LargeBinary(32))


class TextKeyCheck(Base):
    """A known text under a key that stored texts need: tells whether that key is given."""

    __tablename__ = "text_key_checks"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    token: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime] = mapped_column(UtcDateTime)


class IdempotencyRecord(Base):
    """A reply kept for a repeated request, without any complaint text; empty while it is made."""

    __tablename__ = "idempotency_records"

    key_id: Mapped[str] = mapped_column(
        ForeignKey("api_keys.id", ondelete="CASCADE"), primary_key=True
    )
    idempotency_key: Mapped[str] = mapped_column(String(128), primary_key=True)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    status: Mapped[int | None] = mapped_column(SmallInteger)
    reply: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
