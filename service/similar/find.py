"""The closed cases whose text is most like a case's, by the features of the model that serves.

Nothing is stored for it: the terms that tell the text from others are looked up in the search index
(`service.cases.search`), which gives some dozen candidates, and these are compared exactly. All
texts of one comparison are read by one model, so that no two versions' features ever meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from classifier.likeness import Term
from classifier.personal import without_tokens
from service.cases.desk import find
from service.cases.search import newest_with, searchable, sought
from service.cases.tables import Case, CaseContent, Note, Verdict
from service.db import Database
from service.predictor import Model

MAX_SIMILAR, SIMILAR = 20, 5
# Of random pairs of the corpus 99 in 100 are less alike than this, by the default model.
LEAST_LIKENESS = 0.25
_TERMS, _PAIRED = 8, 3  # looked for alone; the heaviest of them also two by two
_PER_LOOKUP = 400
_COMPARED_CHARS = 2000
# Of some thousand hits 300 are looked at and 60 closed ones compared exactly. To look at 500 and to
# compare 100 found one case in a thousand more on a simulated year. The same category counts as
# much as one telling term of a middling text.
_CLOSED = f"""
WITH hits AS ({{hits}}),
heaviest AS (
  SELECT case_id, sum(weight) AS weight FROM hits
  GROUP BY case_id ORDER BY 2 DESC, 1 DESC LIMIT 300
),
closed AS (
  SELECT cases.id, weight + CASE WHEN category = :category THEN 0.05 ELSE 0 END AS weight
  FROM heaviest JOIN cases ON cases.id = heaviest.case_id
  WHERE NOT is_open AND cases.id <> :own ORDER BY 2 DESC, 1 DESC LIMIT 60
)
SELECT case_id, substr(text, 1, {_COMPARED_CHARS})
FROM closed JOIN case_contents ON case_id = closed.id
"""  # noqa: S608  (a number of ours)


@dataclass(frozen=True, slots=True)
class SimilarCase:
    """A closed case that is like another; `likeness` is 0-1, `terms` stand in both texts."""

    case: Case
    text: str
    likeness: float
    terms: tuple[str, ...]
    note: Note | None  # the last one
    verdict: Verdict | None  # the last one


@dataclass(frozen=True, slots=True)
class Similar:
    """What was found, the most alike first, and how many closed cases were compared."""

    items: tuple[SimilarCase, ...]
    compared: int
    model_version: str


def similar_cases(
    database: Database, model: Model, case_id: int, *, limit: int = SIMILAR
) -> Similar:
    """The closed cases most like one.

    Raises:
        CaseNotFoundError: there is no such case.
        SQLAlchemyError: the database does not answer.
    """
    with database.session() as session:
        case = find(session, case_id)
        own = without_tokens(session.get_one(CaseContent, case_id).text[:_COMPARED_CHARS])
        folded = searchable(own)
        terms = [term for term in model.telling_terms(own, _TERMS) if term.text in folded]
        texts = _candidates(session, case, terms)
        alike = model.likeness(own, [without_tokens(one) for one in texts.values()])
        ranked = sorted(zip(alike, texts, strict=True), key=lambda one: (-one[0], -one[1]))
        best = {n: share for share, n in ranked[:limit] if share >= LEAST_LIKENESS}
        items = _items(session, best, texts, [term.text for term in terms])
    return Similar(items, len(texts), model.version)


def _candidates(session: Session, case: Case, terms: Sequence[Term]) -> dict[int, str]:
    """The texts of closed cases that share the most telling terms, by number.

    Weighed by how much of the text's weight the shared terms have; two at once are rarer than each.
    One statement, as each way to the database costs about a millisecond.
    """
    dialect = session.get_bind().dialect.name
    hits: list[str] = []
    values: dict[str, object] = {"own": case.id, "category": case.category}
    for place, together in enumerate([*combinations(terms, 1), *combinations(terms[:_PAIRED], 2)]):
        pieces = sought(dialect, [term.text for term in together])
        if pieces is not None:
            found = newest_with(dialect, f"sought{place}", _PER_LOOKUP)
            weight = f"CAST(:weight{place} AS FLOAT)"
            hits.append(f"SELECT case_id, {weight} AS weight FROM ({found}) AS hit{place}")  # noqa: S608  (our own names)
            values |= {
                f"sought{place}": pieces,
                f"weight{place}": sum(term.weight for term in together),
            }
    if not hits:
        return {}
    rows = session.execute(text(_CLOSED.format(hits=" UNION ALL ".join(hits))), values)
    return dict(rows.all())


def _items(
    session: Session, best: dict[int, float], texts: dict[int, str], terms: Iterable[str]
) -> tuple[SimilarCase, ...]:
    cases = {case.id: case for case in session.scalars(select(Case).where(Case.id.in_(best)))}
    notes = session.scalars(select(Note).where(Note.case_id.in_(best)).order_by(Note.id))
    verdicts = session.scalars(
        select(Verdict).where(Verdict.case_id.in_(best)).order_by(Verdict.id)
    )
    last_note = {note.case_id: note for note in notes}
    last_verdict = {verdict.case_id: verdict for verdict in verdicts}
    known = list(terms)
    return tuple(
        SimilarCase(
            case=cases[number],
            text=texts[number],
            likeness=round(share, 4),
            terms=tuple(term for term in known if term in searchable(texts[number])),
            note=last_note.get(number),
            verdict=last_verdict.get(number),
        )
        for number, share in best.items()
    )
