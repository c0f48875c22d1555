"""How many cases came in by hour, level and category: sums that are kept up with every change.

Whoever calls holds the audit log's lock, so that no two transactions change one sum at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, func, select, text
from sqlalchemy.orm import Session

from service.cases.tables import CaseVolume
from service.prepared import Prepared, connection_of

Place = tuple[int, str]
_ADD = Prepared(
    text(
        "INSERT INTO case_volumes (created_hour, label, cases) VALUES (:begin, :label, :number) "
        "ON CONFLICT (created_hour, label) "
        "DO UPDATE SET cases = case_volumes.cases + excluded.cases"
    )
)


def labels(level: int | None, category: str | None) -> tuple[str, str]:
    """Under which labels a case is counted; nothing behind the colon means not judged."""
    return f"level:{'' if level is None else level}", f"category:{category or ''}"


def count_in(cases: Iterable[Mapping[str, object]]) -> Counter[Place]:
    """What new cases add to the sums."""
    found: Counter[Place] = Counter()
    for case in cases:
        level, category, begin = case["level"], case["category"], case["created_hour"]
        for label in labels(
            level if isinstance(level, int) else None,
            category if isinstance(category, str) else None,
        ):
            found[int(str(begin)), label] += 1
    return found


def add(session: Session | Connection, changes: Mapping[Place, int]) -> None:
    """Adds to the sums, in one statement that both databases know."""
    rows = [
        {"begin": begin, "label": label, "number": number}
        for (begin, label), number in changes.items()
        if number
    ]
    if rows:
        _ADD.run(connection_of(session), *rows)


def by_day(session: Session, since: int, offset: int) -> list[tuple[int, str, int]]:
    """Day, label and cases from an hour on; days begin `offset` hours before UTC's."""
    whole = (CaseVolume.created_hour + offset) // 24
    statement = (
        select(whole, CaseVolume.label, func.sum(CaseVolume.cases))
        .where(CaseVolume.created_hour >= since)
        .group_by(whole, CaseVolume.label)
    )
    return [(int(d), label, int(number)) for d, label, number in session.execute(statement)]
