"""What a trial has shown: where the models differ, who was right, and how each arm's cases went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from sqlalchemy import SmallInteger, case, func, select, type_coerce
from sqlalchemy.orm import Session

from classifier.prediction import Priority
from service.cases.states import VerdictKind
from service.cases.tables import Case, CaseContent, Json, Verdict
from service.db import Database
from service.shadow.tables import ShadowAnswer, ShadowCount

_URGENT = Priority.P1  # and above
_EXAMPLES = 20
Pairs = Counter[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Judged:
    """Cases on which people decided and the models differ: who was right."""

    part: str
    cases: int  # with a verdict
    only_current: int
    only_candidate: int

    @property
    def p_value(self) -> float:
        """How likely so uneven a split is if both are equally good; McNemar's exact test (1947)."""
        differing = self.only_current + self.only_candidate
        from scipy.special import bdtr  # noqa: PLC0415  (takes a second to load)

        fewer = min(self.only_current, self.only_candidate)
        return min(1.0, 2 * float(bdtr(fewer, differing, 0.5))) if differing else 1.0


@dataclass(frozen=True, slots=True)
class Arm:
    """The cases that one model's answers made since the trial's begin."""

    version: str
    cases: int
    urgent: int  # P0 and P1
    responded: int
    mean_response_seconds: float | None
    late: int  # responded after the clock had run out
    reviewed: int  # by a first verdict
    corrected: int


@dataclass(frozen=True, slots=True)
class Example:
    """A case to whom the models give different priorities; the text is masked."""

    case_id: int
    text: str
    said: str
    candidate_said: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is known of a pair of models since a day."""

    current: str
    candidate: str
    since: datetime
    texts: int
    said: dict[str, Pairs]  # part -> (current's, candidate's) -> texts
    judged: tuple[Judged, ...]
    arms: tuple[Arm, ...]
    examples: tuple[Example, ...]

    def same(self, part: str) -> int:
        """On how many texts both said the same."""
        return sum(number for (ours, theirs), number in self.said[part].items() if ours == theirs)

    def moves(self, part: str) -> list[tuple[tuple[str, str], int]]:
        """The differences, the most frequent first."""
        pairs = self.said[part].most_common()
        return [(pair, number) for pair, number in pairs if pair[0] != pair[1]]


def make_report(
    database: Database, current: str, candidate: str, *, days: int, now: datetime
) -> Report:
    """The report on two versions over the last days, today's counted.

    Raises:
        SQLAlchemyError: the database does not answer.
    """
    since = datetime(now.year, now.month, now.day, tzinfo=UTC) - timedelta(days=days - 1)
    with database.session() as session:
        said = _said(session, current, candidate, since)
        return Report(
            current=current,
            candidate=candidate,
            since=since,
            texts=sum(said["priority"].values()),
            said=said,
            judged=tuple(_judged(session, current, candidate, since)),
            arms=tuple(_arm(session, version, since) for version in (current, candidate)),
            examples=tuple(_examples(session, current, candidate, since)),
        )


def _said(session: Session, current: str, candidate: str, since: datetime) -> dict[str, Pairs]:
    found: dict[str, Pairs] = {
        part: Counter() for part in ("category", "level", "priority", "case")
    }
    statement = (
        select(
            ShadowCount.part,
            ShadowCount.said,
            ShadowCount.candidate_said,
            func.sum(ShadowCount.texts),
        )
        .where(
            ShadowCount.current == current,
            ShadowCount.candidate == candidate,
            ShadowCount.day >= int(since.timestamp()) // 86_400,
        )
        .group_by(ShadowCount.part, ShadowCount.said, ShadowCount.candidate_said)
    )
    for part, ours, theirs, texts in session.execute(statement):
        found[part][ours, theirs] = int(texts)
    return found


def _judged(session: Session, current: str, candidate: str, since: datetime) -> Iterable[Judged]:
    """Against the newest verdict on each case that the current model answered."""
    newest = select(func.max(Verdict.id)).group_by(Verdict.case_id).scalar_subquery()
    statement = (
        select(Verdict, ShadowAnswer)
        .join(ShadowAnswer, ShadowAnswer.case_id == Verdict.case_id)
        .where(
            Verdict.id.in_(newest),
            Verdict.at >= since,
            Verdict.model_version == current,
            ShadowAnswer.candidate == candidate,
        )
    )
    rows = list(session.execute(statement))
    for part in ("category", "level", "priority"):
        ours = [
            getattr(verdict, f"predicted_{part}") == getattr(verdict, part) for verdict, _ in rows
        ]
        theirs = [getattr(found, part) == getattr(verdict, part) for verdict, found in rows]
        pairs = Counter(zip(ours, theirs, strict=True))
        yield Judged(part, len(rows), pairs[True, False], pairs[False, True])


def _arm(session: Session, version: str, since: datetime) -> Arm:
    is_late = Case.first_response_at > Case.due_at
    cases = session.execute(
        select(
            func.count(),
            func.sum(case((Case.priority <= _URGENT, 1), else_=0)),
            func.count(Case.first_response_at),
            func.avg(Case.response_seconds),
            func.sum(case((is_late, 1), else_=0)),
        ).where(Case.model_version == version, Case.created_at >= since)
    ).one()
    verdicts = session.execute(
        select(func.count(), func.sum(case((Verdict.is_correction, 1), else_=0)))
        .join(Case, Case.id == Verdict.case_id)
        .where(
            Case.model_version == version,
            Case.created_at >= since,
            Verdict.kind == VerdictKind.REVIEW,
        )
    ).one()
    number, urgent, responded, mean, late = cases
    return Arm(
        version, number, int(urgent or 0), responded, float(mean) if mean is not None else None,
        int(late or 0), verdicts[0], int(verdicts[1] or 0),
    )  # fmt: skip


def _examples(session: Session, current: str, candidate: str, since: datetime) -> Iterable[Example]:
    """Cases with another priority, those most urgent to the candidate first, the newest of them."""
    statement = (
        select(Case.id, CaseContent.text, CaseContent.decision, ShadowAnswer.priority)
        .join(ShadowAnswer, ShadowAnswer.case_id == Case.id)
        .join(CaseContent, CaseContent.case_id == Case.id)
        .where(
            Case.model_version == current,
            Case.created_at >= since,
            ShadowAnswer.candidate == candidate,
            ShadowAnswer.priority != Case.priority,
        )
        .order_by(type_coerce(ShadowAnswer.priority, SmallInteger), Case.id.desc())
        .limit(_EXAMPLES)
    )
    for number, text, decision, theirs in session.execute(statement):
        ours = str(cast("Json", decision["priority"])["level"])
        if ours != theirs.name:  # a verdict may have given the case the candidate's priority
            yield Example(number, text, ours, theirs.name)
