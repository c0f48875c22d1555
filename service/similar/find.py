"""The closed cases whose text is most like a case's, by the features of the model that serves.

Nothing is stored for it: the terms that tell the text from others are looked up in the search index
(`service.cases.search`), which gives some hundred candidates, and these are compared exactly. All
texts of one comparison are read by one model, so that no two versions' features ever meet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from classifier.likeness import Term
from service.cases.desk import find
from service.cases.search import newest_with, searchable
from service.cases.tables import Case, CaseContent, Note, Verdict
from service.db import Database
from service.predictor import Model

MAX_SIMILAR, SIMILAR = 20, 5
# Of random pairs of the corpus 99 in 100 are less alike than this, by the default model.
LEAST_LIKENESS = 0.25
_TERMS, _PAIRED = 8, 3  # looked for alone; the heaviest of them also two by two
_PER_LOOKUP, _WEIGHED = 400, 500
_COMPARED = 100  # texts that are compared exactly: about 10 ms
_COMPARED_CHARS = 2000
_SAME_CATEGORY = 0.05  # as much as one telling term of a middling text


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
        text = session.get_one(CaseContent, case_id).text[:_COMPARED_CHARS]
        folded = searchable(text)
        terms = [term for term in model.telling_terms(text, _TERMS) if term.text in folded]
        numbers = _closed(session, case, _candidates(session, terms))
        texts = _texts(session, numbers)
        alike = model.likeness(text, list(texts.values()))
        ranked = sorted(zip(alike, texts, strict=True), key=lambda one: (-one[0], -one[1]))
        best = {n: share for share, n in ranked[:limit] if share >= LEAST_LIKENESS}
        items = _items(session, best, texts, [term.text for term in terms])
    return Similar(items, len(texts), model.version)


def _candidates(session: Session, terms: Sequence[Term]) -> dict[int, float]:
    """Cases by how much of the text's weight the terms have that they share with it.

    A common term has only its newest cases looked at; two at once are rarer than each.
    """
    looked_for = [(term,) for term in terms] + list(combinations(terms[:_PAIRED], 2))
    weights: dict[int, float] = defaultdict(float)
    for together in looked_for:
        pieces = [term.text for term in together]
        for number in newest_with(session, pieces, _PER_LOOKUP):
            weights[number] += sum(term.weight for term in together)
    return weights


def _closed(session: Session, case: Case, weights: dict[int, float]) -> list[int]:
    """The closed ones among the heaviest candidates, those of the same category before others."""
    heaviest = sorted(weights, key=lambda n: (-weights[n], -n))[:_WEIGHED]
    statement = select(Case.id, Case.category).where(
        Case.id.in_(heaviest), Case.is_open.is_(False), Case.id != case.id
    )
    weighed = [
        (weights[number] + (_SAME_CATEGORY if category == case.category else 0), number)
        for number, category in session.execute(statement)
    ]
    return [number for _, number in sorted(weighed, reverse=True)[:_COMPARED]]


def _texts(session: Session, numbers: Sequence[int]) -> dict[int, str]:
    beginning = func.substr(CaseContent.text, 1, _COMPARED_CHARS)
    statement = select(CaseContent.case_id, beginning).where(CaseContent.case_id.in_(numbers))
    return dict(session.execute(statement).all())


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
