"""PostgreSQL finds search terms by number: half the size of their texts, and compared faster."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision: str | None = "0016"
branch_labels: str | None = None
depends_on: str | None = None

_ROWS = 2000
_RUN = re.compile(r"\w+")


def upgrade() -> None:
    """Writes the index anew from the texts."""
    _rewrite("integer[]", lambda terms: [_number(term) for term in terms])


def downgrade() -> None:
    """Writes it with the terms themselves."""
    _rewrite("text[]", lambda terms: [*sorted(terms)])


def _rewrite(kind: str, values: Callable[[Iterable[str]], Sequence[object]]) -> None:
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":  # SQLite has a full-text index of its own
        return
    op.execute("DROP TABLE case_terms")
    op.execute(f"CREATE TABLE case_terms (case_id bigint PRIMARY KEY, terms {kind} NOT NULL)")
    insert = sa.text(
        f"INSERT INTO case_terms (case_id, terms) VALUES (:id, CAST(:terms AS {kind}))"  # noqa: S608  (a type)
    )
    for rows in _texts(connection):
        connection.execute(
            insert, [{"id": number, "terms": values(_terms(text))} for number, text in rows]
        )
    op.execute("CREATE INDEX ix_case_terms_terms ON case_terms USING gin (terms)")


def _texts(connection: sa.Connection) -> Iterator[list[tuple[int, str]]]:
    """Numbers and texts of cases, some at a time; encrypted ones have no text to be searched."""
    last = 0
    while True:
        found = connection.execute(
            sa.text(
                "SELECT case_id, searchable FROM case_contents WHERE searchable <> '' "
                "AND case_id > :last ORDER BY case_id LIMIT :most"
            ),
            {"last": last, "most": _ROWS},
        ).all()
        if not found:
            return
        last = found[-1][0]
        yield [(row[0], row[1]) for row in found]


def _terms(text: str) -> set[str]:
    found: set[str] = set()
    for run in _RUN.findall(text.replace("_", " ")):
        found.update(run)
        found.update(map("".join, pairwise(run)))
    return found


def _number(term: str) -> int:
    number = 0
    for char in term:
        number = number << 16 | ord(char)
    return (number & 0xFFFF_FFFF) - (1 << 31)
