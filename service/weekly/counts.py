"""Cases by week: of all, and by level, category, team, channel, product and region.

Levels and categories are kept sums; teams and channels are read from an index alone; products and
regions from the cases of the weeks.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from service.cases.tables import Case, CaseVolume
from service.weekly.weeks import Span

Series = tuple[str, str]  # kind and code; "" is not judged or unknown


@dataclass(frozen=True, slots=True)
class Counts:
    """Cases of each series by week, the oldest first; weeks before the first case are left out."""

    weeks: int
    series: dict[Series, tuple[int, ...]]

    def of(self, kind: str) -> dict[str, tuple[int, ...]]:
        """All series of a kind by their code."""
        return {code: row for (found, code), row in self.series.items() if found == kind}

    def total(self, kind: str, codes: Sequence[str] | None = None) -> tuple[int, ...]:
        """The sums of some series of a kind, of all of them for None."""
        rows = [row for code, row in self.of(kind).items() if codes is None or code in codes]
        return tuple(sum(row[place] for row in rows) for place in range(self.weeks))


def read_counts(session: Session, spans: Sequence[Span]) -> Counts:
    """The counts of some weeks, the oldest first."""
    found: dict[Series, Counter[int]] = defaultdict(Counter)
    for place, label, number in session.execute(_volumes(spans)):
        kind, _, code = label.partition(":")
        found[kind, code][place] += int(number)
    for place, team, channel, number in session.execute(_cases(spans)):
        found["team", team][place] += int(number)
        found["channel", channel or ""][place] += int(number)
    for place, product, region, number in session.execute(_named(spans)):
        for kind, code in (("product", product), ("region", region)):
            if code:  # what is not known is counted in none
                found[kind, code][place] += int(number)
    first = session.scalar(select(func.min(CaseVolume.created_hour)))
    # A week that began before anything was counted is no past to compare with; this week stays.
    known = sum(span.begin >= first for span in spans) if first is not None else 0
    weeks = max(1, min(len(spans), known))
    skipped = len(spans) - weeks
    series = {
        one: tuple(row[place] for place in range(skipped, len(spans))) for one, row in found.items()
    }
    return Counts(weeks, series)


def _volumes(spans: Sequence[Span]) -> Select[*tuple[Any, ...]]:
    """Week, label and cases, as the sums that are kept say."""
    hours = CaseVolume.created_hour
    place = case(
        *(
            (and_(hours >= span.begin, hours < span.end), number)
            for number, span in enumerate(spans)
        )
    )
    return (
        select(place, CaseVolume.label, func.sum(CaseVolume.cases))
        .where(hours >= spans[0].begin, hours < spans[-1].end, place.is_not(None))
        .group_by(place, CaseVolume.label)
    )


def _cases(spans: Sequence[Span]) -> Select[*tuple[Any, ...]]:
    """Week, team, channel and cases; all of it stands in the index `ix_cases_created`."""
    place = _week_of(spans)
    return (
        select(place, Case.team, Case.channel, func.count())
        .where(in_span(Span(spans[0].begin, spans[-1].end)), place.is_not(None))
        .group_by(place, Case.team, Case.channel)
    )


def _named(spans: Sequence[Span]) -> Select[*tuple[Any, ...]]:
    """Week, product, region and cases, of those that name one."""
    place = _week_of(spans)
    return (
        select(place, Case.product, Case.region, func.count())
        .where(
            in_span(Span(spans[0].begin, spans[-1].end)),
            or_(Case.product.is_not(None), Case.region.is_not(None)),
            place.is_not(None),
        )
        .group_by(place, Case.product, Case.region)
    )


def _week_of(spans: Sequence[Span]) -> ColumnElement[Any]:
    """The place of the week in which a case came in; NULL between the parts of weeks."""
    at = Case.created_at
    return case(
        *(
            (and_(at >= span.begins_at, at < span.ends_at), number)
            for number, span in enumerate(spans)
        )
    )


def in_span(span: Span) -> ColumnElement[bool]:
    """Cases that came in then; both values of `is_open`, by which the index leads to them."""
    return and_(
        Case.is_open.in_((True, False)),
        Case.created_at >= span.begins_at,
        Case.created_at < span.ends_at,
    )
