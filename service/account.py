"""A person's own account: the password, and the sessions on all their devices.

An admin sees and ends others' sessions by the same functions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from classifier.errors import shorten
from service import audit, users
from service.audit import Trail
from service.db import Database
from service.logins import IDLE, Login, Logins, Person, hash_token
from service.refusals import RefusalError
from service.tables import LoginSession
from service.users import UserError, Who

_ID_CHARS = 16
_ID = re.compile(f"[0-9a-f]{{{_ID_CHARS}}}")


class SessionError(RefusalError):
    """There is no such session."""


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session as a list shows it; the id is the start of its token's hash and opens nothing."""

    id: str
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    source: str
    is_current: bool


class Accounts:
    """Passwords of one's own, and sessions."""

    def __init__(
        self,
        database: Database,
        logins: Logins,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._logins = logins
        self._clock = clock

    def change_password(self, person: Person, current: str, new: str, trail: Trail) -> Login:
        """A new session under a new password; all former ones end.

        Raises:
            LoginRefusedError: the current password is wrong.
            LockedError: too many wrong ones lately.
            UserError: the new password breaks a rule, or is the current one.
        """
        users.check_password(new)
        if new == current:
            message = "the new password is the current one"
            raise UserError(message, "密码与现在的密码相同，请换一个", field="password")
        source = trail.by.source
        self._logins.log_in(person.name, current, source)
        users.set_password(self._database, person.id, new, trail)
        return self._logins.log_in(person.name, new, source)

    def sessions(self, who: Who, *, token: str | None = None) -> Sequence[OpenSession]:
        """The live sessions of a person, the latest used first; the token's own is marked.

        Raises:
            UserError: there is no such person.
        """
        own = hash_token(token) if token else b""
        with self._database.session() as session:
            user = users.find_user(session, who)
            found = session.scalars(self._live(user.id).order_by(LoginSession.used_at.desc()))
            return [_shown(row, own) for row in found]

    def end_session(self, who: Who, session_id: str, trail: Trail) -> None:
        """Ends one session of a person.

        Raises:
            UserError: there is no such person.
            SessionError: the person has no such session any more.
        """
        with self._database.session() as session:
            audit.lock(session)
            user = users.find_user(session, who)
            rows = session.scalars(self._live(user.id)).all()
            ended = [row for row in rows if row.token_hash.hex()[:_ID_CHARS] == session_id]
            if not ended or not _ID.fullmatch(session_id):
                shown = shorten(session_id)
                raise SessionError(
                    f"there is no session {shown}",
                    f"没有这个登录：{shown}，可能已经结束",
                    code="session_not_found",
                )
            self._end(session, user.id, ended, trail)
            session.commit()

    def end_sessions(self, who: Who, trail: Trail, *, but: str | None = None) -> int:
        """Ends every session of a person but that of a token; how many there were.

        Raises:
            UserError: there is no such person.
        """
        kept = hash_token(but) if but else b""
        with self._database.session() as session:
            audit.lock(session)
            user = users.find_user(session, who)
            rows = session.scalars(self._live(user.id)).all()
            ended = [row for row in rows if row.token_hash != kept]
            self._end(session, user.id, ended, trail)
            session.commit()
            return len(ended)

    def _live(self, user_id: int) -> Select[LoginSession]:
        now = self._clock()
        return select(LoginSession).where(
            LoginSession.user_id == user_id,
            LoginSession.revoked_at.is_(None),
            LoginSession.expires_at > now,
            LoginSession.used_at > now - IDLE,
        )

    def _end(
        self, session: Session, user_id: int, ended: Sequence[LoginSession], trail: Trail
    ) -> None:
        if not ended:
            return
        session.execute(
            update(LoginSession)
            .where(LoginSession.token_hash.in_([row.token_hash for row in ended]))
            .values(revoked_at=self._clock())
            .execution_options(synchronize_session=False)
        )
        change = audit.Change("end_sessions", f"user:{user_id}", None, {}, {"ended": len(ended)})
        audit.record(session, trail.secret, [(trail.by, change)])


def _shown(row: LoginSession, own: bytes) -> OpenSession:
    return OpenSession(
        id=row.token_hash.hex()[:_ID_CHARS],
        created_at=row.created_at,
        used_at=row.used_at,
        expires_at=row.expires_at,
        source=row.source,
        is_current=row.token_hash == own,
    )
