"""Puts a week's report together from what is counted already; it reads, and changes nothing.

Nothing goes through all cases: of the weeks it compares it reads sums and indexes, of the week
itself the cases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import func, select

from service.cases.tables import Case
from service.customers.find import callbacks, scale_of
from service.db import Database
from service.pages.names import Names
from service.quality.figures import Figures, quality
from service.quality.measures import MEASURES
from service.weekly.counts import in_span, read_counts
from service.weekly.done import read_done
from service.weekly.news import news
from service.weekly.pain import pain
from service.weekly.report import Aim, Customers, WeeklyReport
from service.weekly.sentences import summary
from service.weekly.steps import steps
from service.weekly.volumes import anger_of, volumes
from service.weekly.weeks import Week


def gather(database: Database, names: Names, week: Week, *, now: datetime) -> WeeklyReport:
    """The report of one week.

    Raises:
        SQLAlchemyError: the database does not answer.
    """
    with database.session() as session:
        counts = read_counts(session, week.spans())
        done = read_done(session, week.span, names, now)
    figures = _figures(database, week, now)
    figures.cases, figures.overdue = done.cases, done.overdue  # as it stands now
    report = WeeklyReport(
        week=week,
        made_at=now,
        volumes=volumes(counts, week, names),
        news=news(database, week, names),
        pain=pain(database, week, anger_of(counts, names), names),
        done=done,
        aims=tuple(_aims(figures, names)),
        customers=_customers(database, names, week, figures, now),
    )
    return replace(report, summary=summary(report), steps=steps(report, names))


def _figures(database: Database, week: Week, now: datetime) -> Figures:
    """Service quality of the week's cases, as they stood when it ended."""
    until = min(now, week.span.ends_at - timedelta(seconds=1))
    apart = until.astimezone(week.zone).utcoffset() or timedelta(0)
    hours = int(apart.total_seconds() // 3600)
    return quality(database, now=until, weeks=1, utc_offset_hours=hours).whole


def _aims(figures: Figures, names: Names) -> Iterator[Aim]:
    targets = names.policy.targets
    for one in MEASURES:
        target = one.target(targets) if targets else None
        value, is_met = one.value(figures), one.is_met(figures, targets)
        yield Aim(one.code, one.name, one.kind, value, target, one.is_most, is_met)


def _customers(
    database: Database, names: Names, week: Week, figures: Figures, now: datetime
) -> Customers:
    with database.session() as session:
        repeated = session.scalar(select(func.count()).where(in_span(week.span), Case.contacts > 1))
    risk = callbacks(database, names.policy, scale_of(names.labels), now=now)
    teams = Counter(one.case.team for one in risk.items).most_common(1)
    return Customers(
        repeated=repeated or 0,
        at_risk=risk.found if risk.is_scored else None,
        team=names.team(teams[0][0]) if teams else "",
        csat=figures.csat,
        csat_answers=figures.csat_answers,
        nps=figures.nps,
        nps_answers=figures.nps_answers,
    )
