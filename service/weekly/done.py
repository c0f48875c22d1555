"""What was done in a week: answers, ends, how long they took, what was late, and corrections."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, case, cast, func, select
from sqlalchemy.orm import Session

from service.cases.conditions import is_overdue, was_late
from service.cases.states import State, VerdictKind
from service.cases.tables import Case, Verdict
from service.pages.names import Names
from service.weekly.counts import in_span
from service.weekly.weeks import Span

_REACH_HOURS = 26 * 168  # cases of half a year are looked at for what was done this week


@dataclass(frozen=True, slots=True)
class Taken:
    """How long something took: how often it happened, and two quantiles of the seconds."""

    number: int
    median_seconds: int | None
    p90_seconds: int | None


@dataclass(frozen=True, slots=True)
class TeamLoad:
    """One team: its cases of the week, how many of these late, and how many are late just now."""

    team: str
    name: str
    cases: int
    overdue: int
    overdue_now: int


@dataclass(frozen=True, slots=True)
class Done:
    """The figures; what is told of times and lateness is told of the cases that came in."""

    cases: int
    responded: int  # first responses given within the week, whenever the case came in
    resolved: int  # the same
    dismissed: int
    response: Taken
    resolution: Taken
    teams: tuple[TeamLoad, ...]  # those with most late cases just now first
    reviews: int
    corrected: int  # first reviews that changed what the machine said
    recategorised: int

    @property
    def overdue(self) -> int:
        """Cases of the week that were answered late, or wait in vain."""
        return sum(one.overdue for one in self.teams)

    @property
    def overdue_now(self) -> int:
        """Cases of any week that wait beyond their time just now."""
        return sum(one.overdue_now for one in self.teams)


def read_done(session: Session, span: Span, names: Names, now: datetime) -> Done:
    """The figures of one week."""
    seconds = _seconds(session, span)
    ends = _ends(session, span)
    reviews, corrected, recategorised = _reviews(session, span)
    teams = _teams(session, span, names, now)
    return Done(
        cases=sum(one.cases for one in teams),
        responded=_responded(session, span),
        resolved=ends.get(State.RESOLVED, 0),
        dismissed=ends.get(State.DISMISSED, 0),
        response=_taken([one for one, _ in seconds if one is not None]),
        resolution=_taken([one for _, one in seconds if one is not None]),
        teams=teams,
        reviews=reviews,
        corrected=corrected,
        recategorised=recategorised,
    )


def quantile(seconds: Sequence[int], share: float) -> int | None:
    """The smallest value that so large a share does not exceed; None of nothing.

    >>> quantile([5, 1, 3], 0.5), quantile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.9), quantile([], 0.5)
    (3, 9, None)
    """
    if not seconds:
        return None
    return sorted(seconds)[max(0, math.ceil(share * len(seconds)) - 1)]


def _taken(seconds: Sequence[int]) -> Taken:
    return Taken(len(seconds), quantile(seconds, 0.5), quantile(seconds, 0.9))


def _seconds(session: Session, span: Span) -> list[tuple[int | None, int | None]]:
    """Seconds to the first response and to the end of each case, out of `ix_cases_statistics`."""
    statement = select(Case.response_seconds, Case.resolution_seconds).where(
        Case.created_hour >= span.begin, Case.created_hour < span.end
    )
    return [(response, resolution) for response, resolution in session.execute(statement)]


def _responded(session: Session, span: Span) -> int:
    statement = select(func.count()).where(
        Case.created_hour >= span.begin - _REACH_HOURS,
        Case.created_hour < span.end,
        Case.first_response_at >= span.begins_at,
        Case.first_response_at < span.ends_at,
    )
    return session.scalar(statement) or 0


def _ends(session: Session, span: Span) -> dict[State, int]:
    """Cases that ended in the week, by how.

    The first condition on the end stands in the index, and spares reading most of the cases.
    """
    about = cast(Case.created_hour, BigInteger) * 3600 + Case.resolution_seconds
    statement = (
        select(Case.state, func.count().label("number"))
        .where(
            Case.created_hour >= span.begin - _REACH_HOURS,
            Case.created_hour < span.end,
            about >= (span.begin - 1) * 3600,
            about < span.end * 3600,
            Case.resolved_at >= span.begins_at,
            Case.resolved_at < span.ends_at,
        )
        .group_by(Case.state)
    )
    return {row.state: row.number for row in session.execute(statement)}


def _teams(session: Session, span: Span, names: Names, now: datetime) -> tuple[TeamLoad, ...]:
    late = func.sum(case((was_late(now), 1), else_=0))
    own = select(Case.team, func.count(), late).where(in_span(span)).group_by(Case.team)
    week = {team: (int(cases), int(number)) for team, cases, number in session.execute(own)}
    waiting = select(Case.team, func.count()).where(is_overdue(now)).group_by(Case.team)
    waits = {team: int(number) for team, number in session.execute(waiting)}
    found = (
        TeamLoad(team, names.team(team), *week.get(team, (0, 0)), waits.get(team, 0))
        for team in {*week, *waits}
    )
    return tuple(sorted(found, key=lambda one: (-one.overdue_now, -one.overdue, one.team)))


def _reviews(session: Session, span: Span) -> tuple[int, int, int]:
    """First reviews, those that corrected anything, and those that changed the category."""
    other = Verdict.category.is_distinct_from(Verdict.predicted_category)
    statement = select(
        func.count(),
        func.sum(case((Verdict.is_correction, 1), else_=0)),
        func.sum(case((other, 1), else_=0)),
    ).where(
        Verdict.at >= span.begins_at,
        Verdict.at < span.ends_at,
        Verdict.kind == VerdictKind.REVIEW,
    )
    number, corrected, recategorised = session.execute(statement).one()
    return number, int(corrected or 0), int(recategorised or 0)
