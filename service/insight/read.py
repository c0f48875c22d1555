"""What was found, as the page and the API ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from service.cases.tables import CaseContent
from service.db import Database
from service.insight.surges import MIN_CASES
from service.insight.tables import EmergingWord, Issue, Surge

MAX_SURGES = 200


def current_issues(
    database: Database, *, category: str | None = None, days: int | None = None
) -> list[Issue]:
    """The issues of the last grouping, those with most cases in the days first.

    One with fewer than five cases in these days is not shown.

    Raises:
        SQLAlchemyError: the database does not answer.
    """
    statement = select(Issue).where(Issue.is_current.is_(True))
    if category is not None:
        statement = statement.where(Issue.category == category)
    with database.session() as session:
        found = [
            (cases_in(one, days), one)
            for one in session.scalars(statement)
            if cases_in(one, days) >= MIN_CASES
        ]
    return [one for _, one in sorted(found, key=lambda pair: (-pair[0], pair[1].id))]


def cases_in(issue: Issue, days: int | None) -> int:
    """How many cases an issue had in the last days of its grouping; None: in all of them."""
    return sum(issue.daily[-days:]) if days else sum(issue.daily)


def emerging_words(
    database: Database, *, days: int, category: str | None = None
) -> list[EmergingWord]:
    """The words that rose in the last 7 days (or 30, for more days), the surest first.

    Raises:
        SQLAlchemyError: the database does not answer.
    """
    period = 7 if days <= 7 else 30
    statement = (
        select(EmergingWord)
        .where(EmergingWord.days == period, EmergingWord.category == (category or ""))
        .order_by(EmergingWord.z.desc(), EmergingWord.word)
    )
    with database.session() as session:
        return list(session.scalars(statement))


def surges_since(
    database: Database, now: datetime, *, days: int, category: str | None = None
) -> list[Surge]:
    """The surges of the last days, the latest first; of a category also those it shows.

    Raises:
        SQLAlchemyError: the database does not answer.
    """
    statement = (
        select(Surge)
        .where(Surge.detected_at >= now - timedelta(days=days))
        .order_by(Surge.detected_at.desc(), Surge.id.desc())
        .limit(MAX_SURGES)
    )
    with database.session() as session:
        found = list(session.scalars(statement))
    if category is None:
        return found
    own = f"category:{category}"
    return [one for one in found if own in {f"{one.kind}:{one.code}", *one.also}]


def excerpts(database: Database, numbers: Sequence[int], chars: int = 80) -> dict[int, str]:
    """The beginning of the masked text of those cases whose text is kept.

    Raises:
        SQLAlchemyError: the database does not answer.
    """
    statement = select(CaseContent.case_id, CaseContent.text).where(
        CaseContent.case_id.in_(numbers)
    )
    with database.session() as session:
        return {
            number: text if len(text) <= chars else text[:chars] + "…"
            for number, text in session.execute(statement)
            if text
        }
