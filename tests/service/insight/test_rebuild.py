from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from service.insight.read import current_issues, emerging_words
from service.insight.rebuild import rebuild
from service.insight.tables import Issue
from tests.service.insight.conftest import NOW, Stream
from tests.service.insight.test_clusters import CRASH, LATE


def fill(stream: Stream, *, days_ago: int) -> None:
    """Two problems, a case of each text."""
    for text in (*CRASH, *LATE):
        at = NOW - timedelta(days=days_ago)
        stream.add([at], text, category="app", team="tech", level=4 if text in CRASH else 2)


def build(stream: Stream) -> list[Issue]:
    """The issues after grouping anew."""
    rebuild(stream.database, stream.now, step=lambda _: None)
    return current_issues(stream.database)


def test_issues_have_names_figures_and_examples(stream: Stream) -> None:
    """Eight cases, all of level 4, of one day and team; the name has the words of the problem."""
    fill(stream, days_ago=3)
    found = build(stream)
    assert len(found) == 2
    (crash,) = [one for one in found if "闪退" in one.name]
    assert "登录" in crash.name
    assert (crash.category, crash.team, crash.cases) == ("app", "tech", 8)
    assert crash.levels == {"4": 8}
    assert crash.daily[-4:] == [8, 0, 0, 0]
    assert len(crash.daily) == 90
    assert set(crash.case_ids) <= set(range(1, 9))


def test_numbers_stay_while_the_problem_does(stream: Stream) -> None:
    """Grouped again, with more cases: the same numbers and dates; what is gone is not current."""
    fill(stream, days_ago=3)
    before = {one.name: (one.id, one.found_at) for one in build(stream)}
    stream.now = NOW + timedelta(days=1)
    fill(stream, days_ago=2)
    again = build(stream)
    assert {(one.id, one.found_at) for one in again} == set(before.values())
    assert [one.cases for one in again] == [16, 16]
    stream.now = NOW + timedelta(days=200)
    assert build(stream) == []
    with stream.database.session() as session:
        assert len(session.scalars(select(Issue)).all()) == 2


def test_issues_of_fewer_than_five_cases_in_the_days_are_not_shown(stream: Stream) -> None:
    """They were 30 days ago; in the last week there is nothing to show."""
    fill(stream, days_ago=30)
    build(stream)
    assert current_issues(stream.database, days=7) == []
    assert len(current_issues(stream.database, days=60)) == 2
    assert current_issues(stream.database, category="other") == []


def test_a_new_word_emerges_with_its_cases(stream: Stream) -> None:
    """闪退 of the last days, where all before was about parcels; and it does not stay for ever."""
    for day in range(10, 60):
        stream.add([NOW - timedelta(days=day)] * 2, "快递没有发货", category="app")
    last = stream.add([NOW - timedelta(days=2)] * 6, "登录就闪退", category="app")
    build(stream)
    found = emerging_words(stream.database, days=7)
    assert {one.word for one in found} >= {"闪退", "登录"}
    assert (found[0].now, found[0].before) == (6, 0)
    assert set(found[0].case_ids) <= set(last)
    own = emerging_words(stream.database, days=7, category="app")
    assert [one.word for one in own] == [one.word for one in found]
    stream.now = NOW + timedelta(days=100)
    build(stream)
    assert emerging_words(stream.database, days=7) == []
