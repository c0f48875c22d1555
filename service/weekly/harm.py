"""What hurts most in a week: frequent issues by how many are angry, grave signals, the furious.

Texts are masked, shortened where one sees it, and shown only of five cases or more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from service.cases.tables import Case
from service.insight.arrivals import UTC_OFFSET_HOURS
from service.insight.surges import MIN_CASES
from service.insight.tables import Issue
from service.weekly.counts import in_span
from service.weekly.weeks import Span, Week

EXAMPLE_CHARS = 60
EXAMPLES = 2
_CHINA = timedelta(hours=UTC_OFFSET_HOURS)


@dataclass(frozen=True, slots=True)
class Example:
    """The beginning of a case's masked text."""

    case_id: int
    text: str


@dataclass(frozen=True, slots=True)
class Harm:
    """Cases of the week that have something in common, with those that show it best."""

    code: str
    cases: int
    case_ids: tuple[int, ...]  # empty below the smallest group whose texts may be shown


@dataclass(frozen=True, slots=True)
class Recurring:
    """A frequent issue in the week: its cases, and how many of them are angry by its usual share.

    `covered` are the days of the week that the last grouping has counted.
    """

    issue: Issue
    cases: int
    before: int
    angry: float
    covered: int


@dataclass(frozen=True, slots=True)
class Anger:
    """The angriest level of the model, and the levels that count as angry; none of two levels."""

    furious: int | None
    angry: tuple[int, ...]

    @classmethod
    def of(cls, levels: Collection[int]) -> Anger:
        """The last, and the last two, of at least three levels.

        >>> Anger.of([1, 2, 3, 4, 5]), Anger.of([0, 1])
        (Anger(furious=5, angry=(4, 5)), Anger(furious=None, angry=()))
        """
        order = sorted(levels)
        return cls(order[-1], tuple(order[-2:])) if len(order) > 2 else cls(None, ())


def furious(session: Session, span: Span, anger: Anger) -> Harm | None:
    """The cases of the angriest level; None where the model has no such level."""
    if anger.furious is None:
        return None
    statement = select(Case.id).where(in_span(span), Case.level == anger.furious)
    found = list(session.scalars(statement))
    examples = _worst(session, span, Case.level == anger.furious, len(found))
    return Harm(str(anger.furious), len(found), examples)


def grave_signals(session: Session, span: Span, codes: Collection[str]) -> list[Harm]:
    """The cases with each of some signals, the most frequent first."""
    statement = select(Case.signals).where(in_span(span), Case.signals != " ")
    numbers: Counter[str] = Counter()
    for said in session.scalars(statement):
        numbers.update(set(said.split()) & set(codes))
    return [
        Harm(code, number, _worst(session, span, _says(code), number))
        for code, number in sorted(numbers.items(), key=lambda one: (-one[1], one[0]))
    ]


def recurring(issues: Sequence[Issue], week: Week, anger: Anger) -> list[Recurring]:
    """The issues with five cases or more in the week, those with most angry ones first."""
    found = []
    for issue in issues:
        cases, covered = _cases_in(issue, week.monday)
        before, _ = _cases_in(issue, week.monday - timedelta(weeks=1))
        whole = sum(issue.levels.values())
        angry = sum(issue.levels.get(str(level), 0) for level in anger.angry)
        if cases >= MIN_CASES:
            share = angry / whole if whole else 0.0
            found.append(Recurring(issue, cases, before, cases * share, covered))
    return sorted(found, key=lambda one: (-one.angry, -one.cases, one.issue.id))


def _cases_in(issue: Issue, monday: date) -> tuple[int, int]:
    """Cases of an issue in a week of China, and how many days of it were counted."""
    last = _china(issue.built_at)
    first = last - timedelta(days=len(issue.daily) - 1)
    days = [monday + timedelta(days=day) for day in range(7)]
    counted = [issue.daily[(day - first).days] for day in days if first <= day <= last]
    return sum(counted), len(counted)


def _china(moment: datetime) -> date:
    return (moment.astimezone(UTC) + _CHINA).date()


def _says(code: str) -> ColumnElement[bool]:
    return Case.signals.contains(f" {code} ", autoescape=True)


def _worst(
    session: Session, span: Span, condition: ColumnElement[bool], number: int
) -> tuple[int, ...]:
    """The angriest of some cases; none where too few have it in common."""
    if number < MIN_CASES:
        return ()
    order = (Case.score.desc().nulls_last(), Case.id.desc())
    statement = select(Case.id).where(in_span(span), condition).order_by(*order).limit(EXAMPLES)
    return tuple(session.scalars(statement))
