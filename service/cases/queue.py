"""The queue: cases by urgency, uncertainty or age, filtered, a page at a time.

A page starts after the last case of the page before, by the values it is sorted by, so that page
1,000 costs as much as page 1 and nothing is shown twice when new cases come in. Numbers are found
in an index alone; the few rows that are shown are read afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, false, func, literal, select, true, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from classifier.prediction import Priority
from service.cases.conditions import is_awake, is_overdue
from service.cases.cursor import read_cursor, write_cursor
from service.cases.search import matching
from service.cases.states import State, VerdictState
from service.cases.tables import Case, CaseContent
from service.db import Database

MAX_PAGE = 200
OPEN = frozenset({State.NEW, State.CLAIMED})


class Sort(StrEnum):
    """What comes first."""

    URGENCY = "urgency"
    UNCERTAINTY = "uncertainty"
    NEWEST = "newest"
    OLDEST = "oldest"


class Snoozed(StrEnum):
    """Whether cases that are put off are shown."""

    EXCLUDE = "exclude"
    ONLY = "only"
    INCLUDE = "include"


@dataclass(frozen=True, slots=True)
class Filters:
    """Which cases are wanted; an empty set wants all."""

    states: frozenset[State] = OPEN
    priorities: frozenset[Priority] = frozenset()
    levels: frozenset[int] = frozenset()
    categories: frozenset[str] = frozenset()
    signals: frozenset[str] = frozenset()  # each of them
    teams: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    verdicts: frozenset[VerdictState] = frozenset()
    product: str | None = None
    region: str | None = None
    owner: str | None = None
    client_id: str | None = None
    is_overdue: bool | None = None
    snoozed: Snoozed = Snoozed.EXCLUDE
    created_after: datetime | None = None
    created_before: datetime | None = None
    words: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Window:
    """Which page: the order, how many at most, and the `next_cursor` of the page before.

    With `is_back` the page ends before the cursor, read from its end.
    """

    sort: Sort = Sort.URGENCY
    limit: int = 50
    cursor: str | None = None
    is_back: bool = False


FIRST = Window()


@dataclass(frozen=True, slots=True)
class Item:
    """A case in a list, with its masked text."""

    case: Case
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some cases in order; `next_cursor` is None on the last page."""

    items: tuple[Item, ...]
    next_cursor: str | None


_ORDERS: dict[Sort, tuple[tuple[InstrumentedAttribute[object], ...], bool]] = {
    # The columns, and whether they fall.
    Sort.URGENCY: ((Case.priority, Case.due_at, Case.id), False),
    Sort.UNCERTAINTY: ((Case.uncertainty, Case.id), True),
    Sort.NEWEST: ((Case.created_at, Case.id), True),
    Sort.OLDEST: ((Case.created_at, Case.id), False),
}


def list_cases(
    database: Database, filters: Filters, window: Window = FIRST, *, now: datetime
) -> Page:
    """One page of the queue.

    Raises:
        CaseFieldError: the cursor is not one of ours, or of another sort.
        SQLAlchemyError: the database does not answer.
    """
    columns, falls = _ORDERS[window.sort]
    falls = falls is not window.is_back
    with database.session() as session:
        conditions = _conditions(session, filters, now)
        if window.cursor is not None:
            values = read_cursor(window.cursor, window.sort, columns)
            conditions.append(_after(columns, values, falls=falls))
        order = [column.desc() if falls else column.asc() for column in columns]
        found: list[tuple[object, ...]] = []
        for part in _parts(filters.states):
            statement = select(*columns).where(*part, *conditions).order_by(*order)
            found += map(tuple, session.execute(statement.limit(window.limit + 1)))
        found.sort(reverse=falls)
        numbers = [int(str(row[-1])) for row in found[: window.limit + 1]]
        items = _items(session, numbers[: window.limit])
    last = items[-1].case if len(numbers) > window.limit else None
    return Page(items, write_cursor(last, window.sort, columns) if last else None)


def place_of(case: Case, sort: Sort) -> str:
    """The cursor behind a case: where it stands in an order, also after it has left."""
    return write_cursor(case, sort, _ORDERS[sort][0])


def every(
    database: Database, filters: Filters, sort: Sort = Sort.URGENCY, *, now: datetime
) -> Iterator[Item]:
    """All cases of a query in order, read a page at a time."""
    window = Window(sort, MAX_PAGE)
    while True:
        page = list_cases(database, filters, window, now=now)
        yield from page.items
        if page.next_cursor is None:
            return
        window = Window(sort, MAX_PAGE, page.next_cursor)


def count_cases(database: Database, filters: Filters, *, now: datetime, most: int) -> int:
    """How many cases a query has, counted up to `most`: counting all of 200,000 takes too long."""
    with database.session() as session:
        conditions = _conditions(session, filters, now)
        number = 0
        for part in _parts(filters.states):
            some = select(literal(1)).select_from(Case).where(*part, *conditions).limit(most)
            number += session.scalar(select(func.count()).select_from(some.subquery())) or 0
    return min(number, most)


def count_new(database: Database, priority: Priority) -> int:
    """How many cases of a priority nobody has claimed yet."""
    statement = select(func.count()).where(
        Case.is_open == true(), Case.priority == priority, Case.state == State.NEW
    )
    with database.session() as session:
        return session.scalar(statement) or 0


def _items(session: Session, numbers: list[int]) -> tuple[Item, ...]:
    statement = (
        select(Case, CaseContent.text)
        .join(CaseContent, CaseContent.case_id == Case.id)
        .where(Case.id.in_(numbers))
    )
    found = {case.id: Item(case, text) for case, text in session.execute(statement)}
    return tuple(found[number] for number in numbers if number in found)


def _after(
    columns: tuple[InstrumentedAttribute[object], ...], values: tuple[object, ...], *, falls: bool
) -> ColumnElement[bool]:
    """Everything behind the last case of the page before."""
    here = tuple_(*columns)
    last = tuple_(
        *(literal(value, column.type) for value, column in zip(values, columns, strict=True))
    )
    return here < last if falls else here > last


def _conditions(session: Session, filters: Filters, now: datetime) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    sets = (
        (Case.priority, filters.priorities),
        (Case.level, filters.levels),
        (Case.category, filters.categories),
        (Case.team, filters.teams),
        (Case.channel, filters.channels),
        (Case.verdict_state, filters.verdicts),
    )
    found += [column.in_(sorted(wanted)) for column, wanted in sets if wanted]
    found += [
        Case.signals.contains(f" {code} ", autoescape=True) for code in sorted(filters.signals)
    ]
    equal = (
        (Case.owner, filters.owner),
        (Case.client_id, filters.client_id),
        (Case.product, filters.product),
        (Case.region, filters.region),
    )
    found += [column == wanted for column, wanted in equal if wanted is not None]
    found += _time_conditions(filters, now)
    if filters.words:
        found.append(matching(session, filters.words, Case.id))
    return found


def _parts(states: frozenset[State]) -> list[list[ColumnElement[bool]]]:
    """Open and closed cases apart: `is_open` leads the indexes, each part is read in its order."""
    open_ones = {state for state in states if state.is_open}
    parts: list[list[ColumnElement[bool]]] = []
    for wanted, whole, is_open in (
        (open_ones, OPEN, true()),
        (states - open_ones, frozenset(State) - OPEN, false()),
    ):
        if wanted:
            exact = [] if wanted == whole else [Case.state.in_(sorted(wanted))]
            parts.append([Case.is_open == is_open, *exact])
    return parts


def _time_conditions(filters: Filters, now: datetime) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.is_overdue is not None:
        late = is_overdue(now)
        found.append(late if filters.is_overdue else ~late)
    if filters.snoozed is not Snoozed.INCLUDE:
        asleep = Case.snoozed_until > now
        found.append(asleep if filters.snoozed is Snoozed.ONLY else is_awake(now))
    if filters.created_after:
        found.append(Case.created_at >= filters.created_after)
    if filters.created_before:
        found.append(Case.created_at < filters.created_before)
    return found
