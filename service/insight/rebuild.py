"""Frequent issues and emerging words anew, of the cases of the last days, category by category."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from service import audit
from service.cases.record import hour
from service.cases.tables import Case, CaseContent
from service.db import Database
from service.insight import words
from service.insight.arrivals import UTC_OFFSET_HOURS
from service.insight.clusters import Cluster, clusters, match
from service.insight.surges import DAY
from service.insight.tables import EmergingWord, Issue
from service.insight.words import Pieces

PERIOD_DAYS = 90
WORD_DAYS = (7, 30)  # what is new in the last week, and in the last month
_COMPOUND_DAYS = 30
_MAX_EXAMPLES = 5
_NAME_WORDS = 3
_READ_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Text:
    """A case as it is grouped: its day counts from 1970, in China's zone."""

    case_id: int
    day: int
    level: int | None
    team: str
    pieces: Pieces


@dataclass(frozen=True, slots=True)
class Period:
    """The first day and the last, counted from 1970 in China's zone, and the moment of the look."""

    first: int
    today: int
    now: datetime

    @classmethod
    def until(cls, now: datetime) -> Period:
        """The days up to and with today."""
        today = (hour(now) + UTC_OFFSET_HOURS) // DAY
        return cls(today - PERIOD_DAYS + 1, today, now)


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


@dataclass(slots=True)
class _Sums:
    """Words of all categories, by period: in how many cases now and before, and examples."""

    now: Counter[str] = field(default_factory=Counter)
    before: Counter[str] = field(default_factory=Counter)
    now_of: int = 0
    before_of: int = 0
    examples: dict[str, list[int]] = field(default_factory=dict)
    compounds: set[str] = field(default_factory=set)


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
        texts: dict[str, list[Text]] = {}
        for category in _categories(session, period.first):
            texts[category] = list(_texts(session, category, period))
    compounds = _compounds(chain.from_iterable(texts.values()), period.today)
    sums = {days: _Sums() for days in WORD_DAYS}
    for category, read in texts.items():
        step(category)
        found.cases += len(read)
        found.groups[category] = _groups(read, period)
        for days in WORD_DAYS:
            own = _sums(read, compounds, period.today - days)
            found.words += _emerging(own, days, category, now)
            _add(sums[days], own)
    for days in WORD_DAYS:
        found.words += _emerging(sums[days], days, "", now)
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


def _categories(session: Session, first: int) -> list[str]:
    statement = (
        select(Case.category)
        .where(Case.created_hour >= first * DAY - UTC_OFFSET_HOURS, Case.category.is_not(None))
        .distinct()
        .order_by(Case.category)
    )
    return [code for code in session.scalars(statement) if code]


def _texts(session: Session, category: str, period: Period) -> Iterator[Text]:
    """The cases of a category, the oldest first."""
    begin = period.first * DAY - UTC_OFFSET_HOURS
    statement = (
        select(Case.id, Case.created_hour, Case.level, Case.team, CaseContent.text)
        .join(CaseContent, CaseContent.case_id == Case.id)
        .where(
            Case.created_hour.between(begin, begin + PERIOD_DAYS * DAY - 1),
            Case.category == category,
        )
        .order_by(Case.created_hour, Case.id)
        .execution_options(yield_per=_READ_AT_ONCE)
    )
    once: dict[str, str] = {}  # each piece, kept once
    for rows in session.execute(statement).partitions():
        cut = [
            tuple(once.setdefault(piece, piece) for piece in pieces)
            for pieces in words.cut([row.text for row in rows])
        ]
        for row, pieces in zip(rows, cut, strict=True):
            day = min(period.today, (row.created_hour + UTC_OFFSET_HOURS) // DAY)
            yield Text(row.id, day, row.level, row.team, pieces)


def _compounds(texts: Iterable[Text], today: int) -> frozenset[str]:
    """The compounds of all categories: a new product's complaints stand in several."""
    late = [text.pieces for text in texts if text.day > today - _COMPOUND_DAYS]
    return frozenset(one.word for one in words.compounds(late, words.is_known))


def _sums(texts: Sequence[Text], compounds: frozenset[str], until: int) -> _Sums:
    """Counts up to a day and after it, and the latest cases of each word after it."""
    found = _Sums(compounds=set(compounds))
    for text in texts:
        own = words.count([[*text.pieces, *words.compounds_in(text.pieces, compounds)]])
        if text.day <= until:
            found.before.update(own)
            found.before_of += 1
            continue
        found.now.update(own)
        found.now_of += 1
        for word in own:
            found.examples.setdefault(word, []).append(text.case_id)
            del found.examples[word][:-_MAX_EXAMPLES]
    return found


def _add(sums: _Sums, own: _Sums) -> None:
    sums.now.update(own.now)
    sums.before.update(own.before)
    sums.now_of += own.now_of
    sums.before_of += own.before_of
    sums.compounds |= own.compounds
    for word, numbers in own.examples.items():
        sums.examples[word] = sorted([*sums.examples.get(word, ()), *numbers])[-_MAX_EXAMPLES:]


def _emerging(sums: _Sums, days: int, category: str, now: datetime) -> list[EmergingWord]:
    """The words that rose; none without a past to compare with."""
    if not sums.before_of:
        return []
    return [
        EmergingWord(
            days=days,
            category=category,
            word=one.word[:64],
            is_compound=one.word in sums.compounds,
            now=one.now,
            before=one.before,
            now_of=sums.now_of,
            before_of=sums.before_of,
            z=one.z,
            case_ids=sums.examples[one.word][::-1],
            built_at=now,
        )
        for one in words.rising(sums.now, sums.before)
    ]


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
    risen = [one.word for one in words.rising(own, every - own)] or list(cluster.terms)
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
