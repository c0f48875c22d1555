"""Search in masked texts: every pair of neighbouring characters is a term, in both databases.

Chinese has no spaces, and most words that people search have two characters. PostgreSQL keeps the
terms, as numbers, in a GIN index, SQLite in an FTS5 table; scanning all texts instead took
100-220 ms at 200,000 cases, this takes 1-5 ms. Terms only choose candidates: the searched words are
then looked for in the texts themselves, so that what is found really contains them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    any_,
    bindparam,
    column,
    func,
    literal,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.selectable import Select
from sqlalchemy.types import BigInteger, Integer

from classifier.characters import INVISIBLE, fold
from service.cases.tables import CaseContent
from service.prepared import Prepared
from service.texts import KeepText, TextKeeping, kept_by

MAX_QUERY_CHARS = 64
DECRYPTED = 2000  # encrypted texts that one search looks at, 0.1 to 0.2 ms each
_INDEXED_CHARS = 20_000  # as much as the model reads of a text
# A word in more texts than this is common: reading the queue in order meets it soon enough.
_RARE = 3000
_RUN = re.compile(r"\w+")
_INVISIBLE = re.compile(f"[{INVISIBLE}]+")
_TERMS = table(
    "case_terms",
    column("rowid", Integer),
    column("case_id", Integer),
    column("terms", ARRAY(Integer)),
)

_ADD_TO_POSTGRESQL = Prepared(text("INSERT INTO case_terms (case_id, terms) VALUES (:id, :terms)"))
_ADD_TO_SQLITE = Prepared(text("INSERT INTO case_terms (rowid, terms) VALUES (:id, :terms)"))
_DROP_FROM_POSTGRESQL = Prepared(text("DELETE FROM case_terms WHERE case_id = :id"))
# The index keeps no texts: what is dropped has to be named as it was added.
_DROP_FROM_SQLITE = Prepared(
    text("INSERT INTO case_terms (case_terms, rowid, terms) VALUES ('delete', :id, :terms)")
)


def searchable(content: str) -> str:
    """The text as it is searched: half width, lower case, without invisible characters."""
    return _INVISIBLE.sub("", fold(content[:_INDEXED_CHARS]))


def terms(folded: str) -> frozenset[str]:
    """Every character and every pair of neighbours, of letters, digits and Chinese characters.

    >>> sorted(terms(searchable("退款，App")))
    ['a', 'ap', 'p', 'pp', '款', '退', '退款']
    """
    found: set[str] = set()
    for run in _RUN.findall(folded.replace("_", " ")):
        found.update(run)
        found.update(map("".join, pairwise(run)))
    return frozenset(found)


def number(term: str) -> int:
    """A term as PostgreSQL's index has it: the code points of its one or two characters.

    Characters beyond U+FFFF may share a number with others; candidates are looked at anyway.

    >>> number("退") + (1 << 31) == ord("退")
    True
    """
    found = ord(term[-1]) | (ord(term[0]) << 16 if len(term) > 1 else 0)
    return (found & 0xFFFF_FFFF) - (1 << 31)


def words(query: str) -> list[str]:
    """What must occur, each word as one piece; empty when nothing in it can be searched."""
    return [word for word in searchable(query).split() if _RUN.search(word.replace("_", " "))]


def add_terms(connection: Connection, cases: Sequence[tuple[int, frozenset[str]]]) -> None:
    """Adds cases, each with the `terms` of its text, to the index."""
    if connection.dialect.name == "postgresql":
        found = [{"id": case_id, "terms": [*map(number, terms)]} for case_id, terms in cases]
        _ADD_TO_POSTGRESQL.run(connection, *found)
    else:
        rows = [{"id": case_id, "terms": _tokens(terms)} for case_id, terms in cases]
        _ADD_TO_SQLITE.run(connection, *rows)


def drop_terms(connection: Connection, cases: Sequence[tuple[int, str]]) -> None:
    """Takes cases, each with its `searchable` as it is stored, out of the index."""
    indexed = [(case_id, folded) for case_id, folded in cases if folded]
    if not indexed:
        return
    if connection.dialect.name == "postgresql":
        _DROP_FROM_POSTGRESQL.run(connection, *({"id": one} for one, _ in indexed))
    else:
        rows = [{"id": one, "terms": _tokens(terms(folded))} for one, folded in indexed]
        _DROP_FROM_SQLITE.run(connection, *rows)


def newest_with(dialect: str, parameter: str, most: int) -> str:
    """SQL for the newest cases that the index has for pieces of text, which `sought` makes ready.

    Candidates only: all terms of the pieces are there, but not always as one piece. In PostgreSQL
    the newest of some thousands: ordered at once, it would walk the whole table backwards, 100 ms
    of 60,000 cases, as soon as the statement is a prepared one.
    """
    if dialect == "postgresql":
        found = (
            "SELECT case_id FROM case_terms "  # noqa: S608  (a parameter's name)
            f"WHERE terms @> CAST(:{parameter} AS integer[]) LIMIT {_RARE}"
        )
    else:
        found = f"SELECT rowid AS case_id FROM case_terms WHERE case_terms MATCH :{parameter}"  # noqa: S608  (the same)
        return f"{found} ORDER BY rowid DESC LIMIT {most}"
    return f"SELECT case_id FROM ({found}) AS found ORDER BY case_id DESC LIMIT {most}"  # noqa: S608  (the same)


def sought(dialect: str, pieces: Sequence[str]) -> object:
    """The value with which `newest_with` looks for pieces; None where nothing can be looked for."""
    needed = sorted(_needed([word for piece in pieces for word in words(piece)]))
    if not needed:
        return None
    if dialect == "postgresql":
        return [*map(number, needed)]
    return " AND ".join(f'"{_tokens([term])}"' for term in needed)


def note_on_search(wanted: Sequence[str], keeping: TextKeeping) -> str | None:
    """What a search for words cannot find because of how texts are kept; None for nothing."""
    if not wanted or keeping.mode is KeepText.MASKED:
        return None
    if keeping.mode is KeepText.NONE:
        return "按系统设置，投诉原文不再保存，按文字搜索只能找到以前保存的案例。"
    return f"投诉原文加密保存，按文字搜索只查看最近 {DECRYPTED} 条加密的案例。"


def matching(
    session: Session, wanted: Sequence[str], case_id: InstrumentedAttribute[int]
) -> ColumnElement[bool]:
    """The condition that a case's text contains every word.

    Rare words are looked up in the index first; of common ones the index would give too much.
    Encrypted texts have no index, which would give them away: the newest are read and looked at.
    """
    condition = _readable(session, wanted, case_id)
    if not kept_by(session.get_bind().dialect).encrypts:
        return condition
    return or_(condition, _among(session, case_id, _encrypted(session, wanted)))


def _encrypted(session: Session, wanted: Sequence[str]) -> list[int]:
    """Of the newest cases those whose encrypted text contains every word."""
    statement = (
        select(CaseContent.case_id, CaseContent.text)
        .where(CaseContent.searchable == "")
        .order_by(CaseContent.case_id.desc())
        .limit(DECRYPTED)
    )
    found = ((row.case_id, searchable(row.text)) for row in session.execute(statement))
    return [number for number, folded in found if all(word in folded for word in wanted)]


def _readable(
    session: Session, wanted: Sequence[str], case_id: InstrumentedAttribute[int]
) -> ColumnElement[bool]:
    contains = and_(*(CaseContent.searchable.contains(word, autoescape=True) for word in wanted))
    candidates = _candidates(session, wanted)
    within = None if candidates is None else _among(session, case_id, candidates)
    # A value for each case, not a join: PostgreSQL would read all texts first to join them, instead
    # of a few in the order of the queue.
    exact = select(contains).where(CaseContent.case_id == case_id).scalar_subquery()
    return exact.is_(True) if within is None else and_(within, exact.is_(True))


def _candidates(session: Session, wanted: Sequence[str]) -> list[int] | None:
    """The cases that the index has for the words; None when they are more than `_RARE`."""
    found = list(session.scalars(_lookup(session, wanted).limit(_RARE + 1)))
    return None if len(found) > _RARE else found


def _among(
    session: Session, case_id: InstrumentedAttribute[int], numbers: list[int]
) -> ColumnElement[bool]:
    """All numbers as one value: to write thousands took longer than to look them up."""
    if session.get_bind().dialect.name == "postgresql":
        return case_id == any_(literal(numbers, ARRAY(BigInteger)))
    each = func.json_each(json.dumps(numbers)).table_valued("value")
    return case_id.in_(select(each.c.value))


def _lookup(session: Session, wanted: Sequence[str]) -> Select[int]:
    needed = sorted(_needed(wanted))
    if session.get_bind().dialect.name == "postgresql":
        numbers = [*map(number, needed)]
        contained = _TERMS.c.terms.contains(bindparam("terms", numbers, ARRAY(Integer)))
        return select(_TERMS.c.case_id).where(contained)
    expression = " AND ".join(f'"{_tokens([term])}"' for term in needed)
    return select(_TERMS.c.rowid).where(
        text("case_terms MATCH :expression").bindparams(expression=expression)
    )


def _needed(wanted: Sequence[str]) -> set[str]:
    """The fewest terms that a text with the words has: pairs, and characters that stand alone."""
    needed: set[str] = set()
    for run in (run for word in wanted for run in _RUN.findall(word.replace("_", " "))):
        pairs = {"".join(pair) for pair in pairwise(run)}
        needed |= pairs or {run}
    return needed


def _tokens(found: Iterable[str]) -> str:
    """Terms as FTS5 takes each for one word, whatever its characters, with spaces between.

    >>> _tokens(["退款", "a"])
    '90006b3e 0061'
    """
    units = "\n".join(found).encode("utf-16-be", "surrogatepass").hex("|", 2)
    return units.replace("|000a|", " ").replace("|", "")
