"""How long cases took, as sums by the UTC day they came in, kept up with every change of a case.

Going through 200,000 cases for each look at the statistics took 0.4-0.9 s; a year of these sums is
some ten thousand rows. Whoever calls holds the audit log's lock, as for `service.cases.volumes`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Connection,
    Select,
    delete,
    func,
    insert,
    literal,
    select,
    text,
    type_coerce,
)
from sqlalchemy import case as choose
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql import ColumnElement

from service.cases.tables import Case, CaseTime

RESPONSE, RESOLUTION, LATE = "response", "resolution", "late"
# Seconds are rounded up to the minute, 10 minutes, hour or day, as (up to, step): fine enough for a
# median, and few rows.
_STEPS = ((3600, 60), (28_800, 600), (604_800, 3600))
_DAY_SECONDS = 86_400
Place = tuple[int, str, int]
Amount = tuple[int, int]  # cases, seconds in all
_ADD = text(
    "INSERT INTO case_times (created_day, kind, step, cases, seconds) "
    "VALUES (:day, :kind, :step, :number, :seconds) "
    "ON CONFLICT (created_day, kind, step) DO UPDATE SET "
    "cases = case_times.cases + excluded.cases, seconds = case_times.seconds + excluded.seconds"
)


@dataclass(frozen=True, slots=True)
class Taken:
    """What of a case stands in the sums."""

    created_hour: int
    response_seconds: int | None
    resolution_seconds: int | None
    is_late: bool

    def parts(self) -> Iterable[tuple[Place, Amount]]:
        """The sums that the case is part of."""
        day = self.created_hour // 24
        for kind, seconds in (
            (RESPONSE, self.response_seconds),
            (RESOLUTION, self.resolution_seconds),
        ):
            if seconds is not None:
                yield (day, kind, step_of(seconds)), (1, seconds)
        if self.is_late:
            yield (day, LATE, 0), (1, 0)


def taken(case: Case) -> Taken:
    """What of a case stands in the sums."""
    return Taken(
        case.created_hour,
        case.response_seconds,
        case.resolution_seconds,
        _is_late(case.first_response_at, case.due_at),
    )


def count_in(cases: Iterable[Mapping[str, object]]) -> dict[Place, Amount]:
    """What new cases add: nothing, unless they come in with a first response already."""
    found = []
    for row in cases:
        response, resolution = row.get("response_seconds"), row.get("resolution_seconds")
        responded, due = row.get("first_response_at"), row["due_at"]
        found.append(
            Taken(
                int(str(row["created_hour"])),
                response if isinstance(response, int) else None,
                resolution if isinstance(resolution, int) else None,
                _is_late(
                    responded if isinstance(responded, datetime) else None,
                    due if isinstance(due, datetime) else None,
                ),
            )
        )
    return difference((), found)


def difference(before: Iterable[Taken], after: Iterable[Taken]) -> dict[Place, Amount]:
    """What the sums gain from cases that were like this and are now like that."""
    sums: dict[Place, list[int]] = defaultdict(lambda: [0, 0])
    for sign, cases in ((-1, before), (1, after)):
        for one in cases:
            for place, (number, seconds) in one.parts():
                sums[place][0] += sign * number
                sums[place][1] += sign * seconds
    return {place: (n, seconds) for place, (n, seconds) in sums.items() if n or seconds}


def add(session: Session | Connection, changes: Mapping[Place, Amount]) -> None:
    """Adds to the sums, in one statement that both databases know."""
    rows = [
        {"day": day, "kind": kind, "step": step, "number": number, "seconds": seconds}
        for (day, kind, step), (number, seconds) in changes.items()
    ]
    if rows:
        session.execute(_ADD, rows)


def sums(session: Session, since: int) -> list[tuple[str, int, int, int]]:
    """Kind, step, cases and seconds of all cases that came in from an hour on.

    Whole days of UTC are kept sums; the hours before the first of them are counted anew.
    """
    whole = -(-since // 24)
    kept = (
        select(CaseTime.kind, CaseTime.step, func.sum(CaseTime.cases), func.sum(CaseTime.seconds))
        .where(CaseTime.created_day >= whole)
        .group_by(CaseTime.kind, CaseTime.step)
    )
    rows = [(kind, step, n, s) for kind, step, n, s in session.execute(kept)]
    for counted in _counted():
        part = counted.where(Case.created_hour >= since, Case.created_hour < whole * 24)
        rows += [(kind, step, n, s) for _, kind, step, n, s in session.execute(part)]
    return [(kind, int(step), int(n), int(s)) for kind, step, n, s in rows]


def recount(session: Session) -> None:
    """Makes all sums anew from the cases, for whoever changed cases past the desk."""
    session.execute(delete(CaseTime))
    for counted in _counted():
        columns = ["created_day", "kind", "step", "cases", "seconds"]
        session.execute(insert(CaseTime).from_select(columns, counted))


def step_of(seconds: int) -> int:
    """The seconds rounded up, more coarsely the longer they are.

    >>> step_of(0), step_of(61), step_of(3601), step_of(28_801), step_of(604_801)
    (0, 120, 4200, 32400, 691200)
    """
    step = next((step for end, step in _STEPS if seconds <= end), _DAY_SECONDS)
    return (seconds + step - 1) // step * step


def _is_late(responded_at: datetime | None, due_at: datetime | None) -> bool:
    return responded_at is not None and due_at is not None and responded_at > due_at


def _counted() -> list[Select[int, str, int, int, int]]:
    """Day, kind, step, cases and seconds, counted from the cases themselves."""
    day = (Case.created_hour // 24).label("day")
    late = select(day, literal(LATE), literal(0), func.count(), literal(0))
    found = [late.where(Case.first_response_at > Case.due_at).group_by(day)]
    for kind, column in (
        (RESPONSE, Case.response_seconds),
        (RESOLUTION, Case.resolution_seconds),
    ):
        step = _step(column).label("step")
        one = select(
            day, literal(kind), step, func.count(), type_coerce(func.sum(column), BigInteger)
        )
        found.append(one.where(column.is_not(None)).group_by(day, step))
    return found


def _step(column: InstrumentedAttribute[int | None]) -> ColumnElement[int]:
    """`step_of` in SQL."""
    coarse = (column + (_DAY_SECONDS - 1)) // _DAY_SECONDS * _DAY_SECONDS
    return choose(
        *((column <= end, (column + (step - 1)) // step * step) for end, step in _STEPS),
        else_=coarse,
    )
