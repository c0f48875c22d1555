"""Everything that is known of one case, for its page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from service import audit
from service.cases.desk import find
from service.cases.tables import Case, CaseContent, Note, Verdict
from service.db import Database
from service.tables import AuditEntry

_MAX_NOTES, _MAX_RELATED = 200, 20
Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case with its masked text, what was found and decided, and what people did with it."""

    case: Case
    text: str
    prediction: Json
    decision: Json
    dialogue: Json | None
    notes: tuple[Note, ...]
    verdicts: tuple[Verdict, ...]
    history: tuple[AuditEntry, ...]
    customer_cases: tuple[Case, ...]  # the same customer's others, the newest first


def get_case(database: Database, case_id: int) -> CaseFile:
    """The file of one case.

    Raises:
        CaseNotFoundError: there is no such case.
        SQLAlchemyError: the database does not answer.
    """
    with database.session() as session:
        case = find(session, case_id)
        content = session.get_one(CaseContent, case_id)
        notes = select(Note).where(Note.case_id == case_id).order_by(Note.id.desc())
        verdicts = select(Verdict).where(Verdict.case_id == case_id).order_by(Verdict.id)
        return CaseFile(
            case=case,
            text=content.text,
            prediction=content.prediction,
            decision=content.decision,
            dialogue=content.dialogue,
            notes=tuple(session.scalars(notes.limit(_MAX_NOTES)))[::-1],
            verdicts=tuple(session.scalars(verdicts)),
            history=tuple(audit.history(session, f"case:{case_id}")),
            customer_cases=_related(session, case),
        )


def predictions_of(database: Database, numbers: Sequence[int]) -> dict[int, Json]:
    """What the model found in each of some cases, by number."""
    statement = select(CaseContent.case_id, CaseContent.prediction).where(
        CaseContent.case_id.in_(numbers)
    )
    with database.session() as session:
        return {row.case_id: row.prediction for row in session.execute(statement)}


def _related(session: Session, case: Case) -> tuple[Case, ...]:
    if case.customer_hash is None:
        return ()
    statement = (
        select(Case)
        .where(Case.customer_hash == case.customer_hash, Case.id != case.id)
        .order_by(Case.id.desc())
        .limit(_MAX_RELATED)
    )
    return tuple(session.scalars(statement))
