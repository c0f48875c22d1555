"""What hurts most in a week, named and with examples."""

from __future__ import annotations

from sqlalchemy.orm import Session

from service.db import Database
from service.insight.read import current_issues, excerpts
from service.pages.names import Names
from service.weekly.harm import (
    EXAMPLE_CHARS,
    EXAMPLES,
    Anger,
    Harm,
    furious,
    grave_signals,
    recurring,
)
from service.weekly.news import examples_of
from service.weekly.report import Pain, Shown, Trouble
from service.weekly.weeks import Week

MAX_TROUBLES, MAX_SIGNALS = 3, 3


def pain(database: Database, week: Week, anger: Anger, names: Names) -> Pain:
    """The worst frequent issues, the grave signals and the furious cases.

    Raises:
        SQLAlchemyError: the database does not answer.
    """
    with database.session() as session:
        grave, wild = _harms(session, week, anger, names)
    issues = current_issues(database)
    found = recurring(issues, week, anger)[:MAX_TROUBLES]
    numbers = [number for one in found for number in one.issue.case_ids[:EXAMPLES]]
    numbers += [number for one in (*grave, *wild) for number in one.case_ids]
    texts = excerpts(database, numbers, EXAMPLE_CHARS)
    troubles = tuple(
        Trouble(
            one,
            names.category(one.issue.category),
            names.team(one.issue.team),
            examples_of(one.issue.case_ids[:EXAMPLES], texts),
        )
        for one in found
    )

    def shown(one: Harm, name: str) -> Shown:
        return Shown(one.code, name, one.cases, examples_of(one.case_ids, texts))

    return Pain(
        troubles=troubles,
        grave=tuple(shown(one, names.signal(one.code)) for one in grave),
        furious=next((shown(one, names.level(anger.furious)) for one in wild), None),
        built_at=max((one.built_at for one in issues), default=None),
    )


def _harms(
    session: Session, week: Week, anger: Anger, names: Names
) -> tuple[list[Harm], list[Harm]]:
    """Grave signals, and the furious cases if the model has such a level."""
    codes = {code for code, rule in names.policy.signals.items() if rule.grave}
    wild = furious(session, week.span, anger)
    return grave_signals(session, week.span, codes)[:MAX_SIGNALS], [wild] if wild else []
