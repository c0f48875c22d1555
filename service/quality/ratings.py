"""Taking in what customers answered: only added to, once, and in the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from service import audit
from service.actors import Actor
from service.cases import moves
from service.cases.desk import Desk, find
from service.cases.faults import CaseFieldError, CaseRefusedError
from service.cases.plain import plain
from service.db import in_parts
from service.quality.tables import Rating
from service.tables import Role

MAX_RATING_ID_CHARS = 128
DISSATISFIED_CSAT = 2  # of 1-5: the two lowest boxes
DETRACTOR_NPS, PROMOTER_NPS = 6, 9  # of 0-10: Reichheld, Harvard Business Review, December 2003


@dataclass(frozen=True, slots=True)
class Answer:
    """What a customer answered; `rating_id` is the client's own, by which it counts once."""

    csat: int | None
    nps: int | None
    at: datetime | None = None
    rating_id: str | None = None


def rate(desk: Desk, case_id: int, by: Actor, answer: Answer) -> Rating:
    """Adds an answer on a case; the same one again is the one that is there.

    Raises:
        CaseNotFoundError: there is no such case.
        CaseFieldError: neither CSAT nor NPS is given, or the moment is not over yet.
        CaseRefusedError: the id belongs to another answer.
        CaseForbiddenError: the actor may only look.
    """
    moves.check_role(by, Role.REVIEWER)
    if answer.csat is None and answer.nps is None:
        raise CaseFieldError("csat", "csat（1–5）和 nps（0–10）至少需要一个")
    now = desk.clock()
    if answer.at is not None and answer.at > now:
        raise CaseFieldError("at", "at 不能在此刻之后")
    with desk.database.session() as session:
        audit.lock(session)
        case = find(session, case_id)
        known = _known(session, case_id, answer.rating_id)
        if known is not None:
            if (known.csat, known.nps) != (answer.csat, answer.nps):
                message = "这个 id 已用于另一条评价，请为新的评价使用新的值"
                raise CaseRefusedError("rating_id_reused", message)
            return known
        rating = Rating(
            case_id=case_id,
            rating_id=answer.rating_id,
            at=answer.at or now,
            actor=by.id,
            csat=answer.csat,
            nps=answer.nps,
        )
        session.add(rating)
        given = {"csat": answer.csat, "nps": answer.nps}
        after = {name: plain(value) for name, value in given.items() if value is not None}
        change = audit.Change("rate", f"case:{case.id}", None, {}, after, at=now)
        audit.record(session, desk.secret, [(by, change)])
        session.commit()
        return rating


def unhappy_cases(session: Session, numbers: Sequence[int]) -> set[int]:
    """Those of some cases about which the customer was asked and said to be dissatisfied."""
    low = or_(Rating.csat <= DISSATISFIED_CSAT, Rating.nps <= DETRACTOR_NPS)
    found: set[int] = set()
    for part in in_parts(numbers):
        found.update(session.scalars(select(Rating.case_id).where(Rating.case_id.in_(part), low)))
    return found


def _known(session: Session, case_id: int, rating_id: str | None) -> Rating | None:
    if rating_id is None:
        return None
    statement = select(Rating).where(Rating.case_id == case_id, Rating.rating_id == rating_id)
    return session.scalars(statement).one_or_none()
