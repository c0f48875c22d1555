"""Frequent issues and emerging words anew, of the cases of the last days, category by category."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from service import audit
from service.db import Database
from service.insight import emerging, texts, words
from service.insight.clusters import Cluster, clusters, match
from service.insight.tables import EmergingWord, Issue
from service.insight.texts import Period, Text
from service.insight.words import Pieces

WORD_DAYS = (7, 30)  # what is new in the last week, and in the last month
_MAX_EXAMPLES = 5
_NAME_WORDS = 3


@dataclass(slots=True)
class Built:
    """What was made."""

    cases: int = 0
    issues: int = 0
    words: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """An issue with the numbers of all its cases, the most central first."""

    issue: Issue
    case_ids: tuple[int, ...]


@dataclass(slots=True)
class Findings:
    """What a look found: issues by category, words, and in how many cases."""

    cases: int = 0
    groups: dict[str, list[Group]] = field(default_factory=dict)
    words: list[EmergingWord] = field(default_factory=list)


def rebuild(database: Database, now: datetime, *, step: Callable[[str], None]) -> Built:
    """Groups and counts anew, and replaces what was; `step` hears of each category when it begins.

    Raises:
        SQLAlchemyError: the database does not answer.
    """
    found = look(database, now, step=step)
    keep(database, found)
    return Built(found.cases, sum(map(len, found.groups.values())), len(found.words))


def look(database: Database, now: datetime, *, step: Callable[[str], None]) -> Findings:
    """Groups and counts the cases of the last days; nothing is changed.

    Raises:
        SQLAlchemyError: the database does not answer.
    """
    period, found = Period.until(now), Findings()
    with database.session() as session:
        read: dict[str, list[Text]] = {}
        for category in texts.categories(session, period.first):
            read[category] = list(texts.read(session, category, period))
    compounds = emerging.compounds_of(chain.from_iterable(read.values()), period.today)
    sums = {days: emerging.Sums() for days in WORD_DAYS}
    for category, own_texts in read.items():
        step(category)
        found.cases += len(own_texts)
        found.groups[category] = _groups(own_texts, period)
        counted = [emerging.terms_of(text.pieces, compounds) for text in own_texts]
        for days in WORD_DAYS:
            own = emerging.count(zip(own_texts, counted, strict=True), period.today - days)
            found.words += emerging.emerging(own, compounds, days, category, now)
            emerging.add(sums[days], own)
    for days in WORD_DAYS:
        found.words += emerging.emerging(sums[days], compounds, days, "", now)
    return found


def keep(database: Database, found: Findings) -> None:
    """Replaces what an earlier look found.

    Raises:
        SQLAlchemyError: the database does not answer.
    """
    with database.session() as session:
        audit.lock(session)
        issues = {code: [one.issue for one in own] for code, own in found.groups.items()}
        _keep(session, issues)
        session.execute(delete(EmergingWord))
        session.add_all(found.words)
        session.commit()


def _groups(texts: Sequence[Text], period: Period) -> list[Group]:
    every = words.count(text.pieces for text in texts)
    found = []
    for one in clusters([text.pieces for text in texts]):
        own = [texts[place] for place in one.members]
        issue = _issue(own, one, every, period)
        found.append(Group(issue, tuple(text.case_id for text in own)))
    return found


def _issue(
    texts: Sequence[Text],
    cluster: Cluster,
    every: Counter[str],
    period: Period,
) -> Issue:
    """One group of texts, the most central first, with its figures."""
    own = words.count(text.pieces for text in texts)
    others = Counter({word: every[word] - number for word, number in own.items()})
    rises = words.rising(own, others, before_sum=every.total() - own.total())
    risen = [one.word for one in rises] or list(cluster.terms)
    daily = Counter(text.day for text in texts)
    return Issue(
        name=name_of(risen, texts[0].pieces),
        team=Counter(text.team for text in texts).most_common(1)[0][0],
        found_at=period.now,
        built_at=period.now,
        is_current=True,
        cases=len(texts),
        daily=[daily[day] for day in range(period.first, period.today + 1)],
        levels=dict(Counter("" if text.level is None else str(text.level) for text in texts)),
        words=risen[:8],
        terms=cluster.terms,
        case_ids=[text.case_id for text in texts[:_MAX_EXAMPLES]],
    )


def name_of(risen: Sequence[str], central: Pieces) -> str:
    """A name of the words that set a group apart, in the order in which its central text has them.

    >>> name_of(["闪退", "登录", "白屏", "app"], ["app", "登录", "就", "闪退"])
    'app · 登录 · 闪退'
    """
    chosen = [word for word in risen[: 2 * _NAME_WORDS] if word in central] or list(risen)
    first = chosen[:_NAME_WORDS]
    order = list(central)
    return " · ".join(sorted(first, key=lambda w: order.index(w) if w in order else 99))[:100]


def _keep(session: Session, issues: dict[str, list[Issue]]) -> None:
    """Old issues that were found again keep their number and date; others are not current."""
    session.execute(update(Issue).values(is_current=False))
    for category, new in issues.items():
        known = {
            one.id: one for one in session.scalars(select(Issue).where(Issue.category == category))
        }
        numbers = match([one.terms for one in new], {n: one.terms for n, one in known.items()})
        for one, number in zip(new, numbers, strict=True):
            one.category = category
            if number:
                one.id, one.found_at = number, known[number].found_at
                session.merge(one)
            else:
                session.add(one)
