"""Working on cases: every change is one transaction that also writes audit log and outbox.

Who changes a case names the version that was seen. The update happens only if that is still the
version; otherwise the change is refused and says what others did meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from classifier.pii import mask
from classifier.policy import Policy
from service import audit
from service.actors import Actor
from service.cases import moves, pauses, times
from service.cases.faults import (
    CaseConflictError,
    CaseError,
    CaseFieldError,
    CaseNotFoundError,
    CaseRefusedError,
    FieldChange,
)
from service.cases.plain import plain
from service.cases.record import storable
from service.cases.tables import Case, Note
from service.db import Database
from service.outbox import events
from service.secret import Secret
from service.tables import AuditEntry, Role

MAX_NOTE_CHARS = 4000
MAX_BULK = 200


@dataclass(frozen=True, slots=True)
class Claim:
    """What became of one case of a bulk claim: claimed, or why not."""

    case_id: int
    error: CaseError | None

    @property
    def reason(self) -> str | None:
        """Why not, as a sentence."""
        return str(self.error) if self.error else None


class Desk:
    """The one place through which people and programs change cases."""

    def __init__(
        self,
        database: Database,
        secret: Secret,
        policy: Callable[[], Policy],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        announces: bool = True,
    ) -> None:
        self.database = database
        self.secret = secret
        self.policy = policy  # that serves now: it says in which hours a clock runs
        self.clock = clock
        self.announces = announces  # writes events; what is made up for show does not

    # Every move raises the error of `service.cases.faults` that applies; `change` lists them.

    def claim(self, case_id: int, by: Actor, *, version: int | None = None) -> Case:
        """Makes the actor the owner of a new case; of many at once exactly one wins."""
        return self.change(case_id, by, "claim", moves.claim, version=version)

    def claim_many(self, case_ids: Sequence[int], by: Actor) -> list[Claim]:
        """Claims each case that is still new; the others say why not."""
        if not 1 <= len(case_ids) <= MAX_BULK:
            raise CaseFieldError("case_ids", f"case_ids 需要 1–{MAX_BULK} 个编号")
        return [self._claim(case_id, by) for case_id in dict.fromkeys(case_ids)]

    def release(self, case_id: int, by: Actor, *, version: int | None = None) -> Case:
        """Gives a claimed case back to the queue."""
        return self.change(case_id, by, "release", moves.release, version=version)

    def assign(self, case_id: int, by: Actor, owner: str, *, version: int | None = None) -> Case:
        """Makes somebody else the owner; of another's case only an adjudicator may."""
        return self.change(case_id, by, "assign", moves.assign(owner), version=version)

    def snooze(
        self, case_id: int, by: Actor, until: datetime | None, *, version: int | None = None
    ) -> Case:
        """Puts a case off until a moment, or brings it back with None."""
        return self.change(case_id, by, "snooze", moves.snooze(until), version=version)

    def wait_for_customer(self, case_id: int, by: Actor, *, version: int | None = None) -> Case:
        """Stops the clock while the customer has to answer."""
        return self.change(
            case_id, by, "wait_for_customer", moves.wait_for_customer, version=version
        )

    def resume(self, case_id: int, by: Actor, *, version: int | None = None) -> Case:
        """Lets the clock go on; the case is due later by the time that it stood still."""
        return self.change(case_id, by, "resume", moves.resume, version=version)

    def respond(self, case_id: int, by: Actor, *, version: int | None = None) -> Case:
        """Notes that the customer got a first answer."""
        return self.change(case_id, by, "respond", moves.respond, version=version)

    def note(self, case_id: int, by: Actor, text: str, *, version: int | None = None) -> Case:
        """Adds a note, masked like a complaint."""
        return self.change(case_id, by, "note", moves.note, version=version, note=text)

    def resolve(
        self, case_id: int, by: Actor, *, version: int | None = None, note: str | None = None
    ) -> Case:
        """Closes a claimed case as done."""
        return self.change(case_id, by, "resolve", moves.resolve, version=version, note=note)

    def dismiss(
        self, case_id: int, by: Actor, *, version: int | None = None, note: str | None = None
    ) -> Case:
        """Closes a claimed case as one that needs nothing."""
        return self.change(case_id, by, "dismiss", moves.dismiss, version=version, note=note)

    def reopen(
        self, case_id: int, by: Actor, *, version: int | None = None, note: str | None = None
    ) -> Case:
        """Brings a closed case back into the queue."""
        return self.change(case_id, by, "reopen", moves.reopen, version=version, note=note)

    def change(  # noqa: PLR0913  (one place for all moves)
        self,
        case_id: int,
        by: Actor,
        action: str,
        move: moves.Move,
        *,
        version: int | None = None,
        note: str | None = None,
    ) -> Case:
        """Makes one move in one transaction; the case as it is afterwards.

        Raises:
            CaseNotFoundError: there is no such case.
            CaseConflictError: somebody changed it since `version`, or claimed it first.
            CaseRefusedError: its state does not allow the move.
            CaseForbiddenError: the actor's role does not.
            CaseFieldError: the note is empty or too long.
        """
        moves.check_role(by, Role.REVIEWER)
        written = _checked_note(note) if note is not None else None
        with self.database.session() as session:
            audit.lock(session)
            case = find(session, case_id)
            check_version(session, case, version)
            now = self.clock()
            try:
                values = move(case, by, now)
            except CaseRefusedError as refusal:
                if action == "claim" and case.is_open:  # somebody was faster
                    raise conflict(session, case, 1) from refusal
                raise
            if "waiting_since" in values and case.waiting_since is not None:
                values |= pauses.end(case, now, self.policy())
            self.save(session, case, by, action, values)
            if written is not None:
                row = {"case_id": case.id, "at": now, "actor": by.id, "text": written}
                session.execute(insert(Note), [row])
            session.commit()
            return case

    def save(
        self, session: Session, case: Case, by: Actor, action: str, values: moves.Values
    ) -> None:
        """Writes new values and their audit entry, if the case still has the version that was read.

        Raises:
            CaseConflictError: it has not.
        """
        before = {name: plain(getattr(case, name)) for name in values}
        seen, had = case.version, times.taken(case)
        statement = (
            update(Case)
            .where(Case.id == case.id, Case.version == seen)
            .values(**values, version=seen + 1)
            .returning(Case.id)
            .execution_options(synchronize_session=False)
        )
        if session.execute(statement).first() is None:
            session.rollback()
            raise conflict(session, find(session, case.id), seen)
        session.refresh(case)
        times.add(session, times.difference([had], [times.taken(case)]))
        after, at = {name: plain(value) for name, value in values.items()}, self.clock()
        about = (action, f"case:{case.id}", seen + 1, before, after)
        audit.record(session, self.secret, [(by, audit.Change(*about, at=at))])
        if self.announces:
            events.record(session, events.changed(case, action, by.id, at, after))

    def _claim(self, case_id: int, by: Actor) -> Claim:
        try:
            self.claim(case_id, by)
        except (CaseNotFoundError, CaseConflictError, CaseRefusedError) as error:
            return Claim(case_id, error)
        return Claim(case_id, None)


def find(session: Session, case_id: int) -> Case:
    """The case of a number.

    Raises:
        CaseNotFoundError: there is none.
    """
    case = session.get(Case, case_id) if 0 < case_id < 2**63 else None
    if case is None:
        raise CaseNotFoundError(case_id)
    return case


def check_version(session: Session, case: Case, version: int | None) -> None:
    """Refuses who has not seen the newest version.

    Raises:
        CaseConflictError: somebody changed the case since.
    """
    if version is not None and version != case.version:
        raise conflict(session, case, version)


def conflict(session: Session, case: Case, seen: int) -> CaseConflictError:
    """The error that says what changed since a version."""
    statement = (
        select(AuditEntry)
        .where(AuditEntry.subject == f"case:{case.id}", AuditEntry.subject_version > seen)
        .order_by(AuditEntry.id)
    )
    changes: dict[str, FieldChange] = {}
    for entry in session.scalars(statement):
        before, after = orjson.loads(entry.before), orjson.loads(entry.after)
        for name, value in after.items():
            first = changes[name].before if name in changes else before.get(name)
            changes[name] = FieldChange(name, first, value, entry.actor, entry.at)
    return CaseConflictError(case.id, case.version, tuple(changes.values()))


def _checked_note(text: str) -> str:
    if not text.strip() or len(text) > MAX_NOTE_CHARS:
        raise CaseFieldError("note", f"备注有 {len(text)} 个字符，需要 1–{MAX_NOTE_CHARS} 个")
    return storable(mask(text.strip()))
