"""A tiny simulated year, of which every row has to fit: it is what insight is measured on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from classifier.policy_file import load_policy
from service import audit
from service.app import Parts
from service.cases import times, volumes
from service.cases.states import State
from service.cases.tables import Case, CaseContent, CaseTime, CaseVolume, Contact, Note, Verdict
from service.db import Database
from service.insight.tables import Surge
from service.metrics import Metrics
from service.predictor import Predictor
from service.quality.tables import Rating
from service.secret import load_secret
from service.settings import Settings
from service.tables import AuditEntry
from tests.conftest import ROOT
from tests.service.fakes import load_fake
from tests.show.year.__main__ import measure
from tests.show.year.plan import arrivals
from tests.show.year.score import about
from tests.show.year.shown import markdown
from tests.show.year.store import Written, write_year
from tests.show.year.texts import Deck, Texts
from tests.show.year.world import World, read_world

CASES = 800
CORPUS = ROOT / "data" / "corpus"


@pytest.fixture
def parts(settings: Settings, database: Database) -> Parts:
    """A service that judges every text alike."""
    predictor = Predictor(settings.models, load_fake, load_policy())
    return Parts(settings, database, predictor, Metrics())


def write(parts: Parts, cases: int = CASES) -> tuple[World, Written]:
    """A year of the first seed."""
    world = read_world(1)
    return world, write_year(parts, world, CORPUS, cases, step=lambda _: None)


def test_a_written_year_is_measured_to_the_end(parts: Parts) -> None:
    """Every planted thing has its line in the tables, found or not."""
    world, written = write(parts)
    result = measure(parts.database, world, written, {}, every=90, since=345)
    assert Counter(one.kind for one in result.found) == {"surge": 10, "word": 8, "problem": 8}
    assert set(result.as_json()) >= {"found", "alarms", "pages", "seconds"}
    shown = markdown(result)
    assert all(one.name in shown for one in result.found)


def test_every_row_of_the_year_fits_the_others(parts: Parts) -> None:
    """The audit log's chain holds, kept sums equal recounts, closed cases were claimed before."""
    _, written = write(parts)
    secret = load_secret(parts.settings.home)
    checked = audit.verify(parts.database, secret)
    assert (checked.broken, checked.entries) == (None, written.entries)
    with parts.database.session() as session:
        assert session.scalar(select(func.count()).select_from(Case)) == CASES
        assert _sums(session) == _counted(session)
        kept = _times(session)
        times.recount(session)
        assert _times(session) == kept
        numbers = set(session.scalars(select(Case.id)))
        for table in (Verdict, Rating, Note):
            assert set(session.scalars(select(table.case_id))) <= numbers
        assert session.scalar(select(func.count()).select_from(CaseContent)) == CASES
        known = select(func.count()).where(Case.customer_hash.is_not(None))
        assert session.scalar(select(func.count()).select_from(Contact)) == session.scalar(known)
        for case in session.scalars(select(Case)):
            assert case.is_open == (case.state <= State.CLAIMED)
            assert (case.resolved_at is None) == case.is_open
            own = select(func.max(AuditEntry.subject_version)).where(
                AuditEntry.subject == f"case:{case.id}"
            )
            if case.id % 50 == 0:
                assert session.scalar(own) == case.version


def test_the_same_seed_writes_the_same_year() -> None:
    """Two plans of one seed are equal, another seed's is not; there are as many as asked for."""
    plans = [list(arrivals(read_world(seed), Texts(CORPUS, seed), 600)) for seed in (1, 1, 2)]
    assert plans[0] == plans[1] != plans[2]
    assert [len(plan) for plan in plans] == [600, 600, 600]
    moments = [one.at for one in plans[0]]
    assert moments == sorted(moments)


def test_planted_things_come_on_their_days_and_as_often_as_written() -> None:
    """Forty from one customer, the locker's share of all, the surge's texts only on its day."""
    world = read_world(3)
    plan = list(arrivals(world, Texts(CORPUS, 3), 20_000))
    planted = Counter(one.planted for one in plan)
    insistent = [one for one in plan if one.planted == "forty"]
    assert (planted["forty"], len({one.customer for one in insistent})) == (40, 1)
    (locker,) = [one for one in world.planted if one.code == "locker"]
    days = locker.spans[0][1] - locker.start
    assert planted["locker"] == pytest.approx(0.02 * 20_000 * days / 365, rel=0.15)
    for one in world.planted:
        if one.dimension.startswith(("product", "region")):
            continue
        for arrival in (a for a in plan if a.planted == one.code):
            day = (arrival.at - world.moment(0)).days
            assert one.is_on(day), one.code


def test_planted_texts_keep_the_word_they_name() -> None:
    """However short they are made, the word that is planted stands in each."""
    world = read_world(1)
    texts = Texts(CORPUS, 1)
    for one in world.of("word"):
        assert len(one.texts) >= 11
        assert all(one.mark in texts.of(one) for _ in range(40))


def test_a_deck_gives_each_once_before_any_twice() -> None:
    """Two rounds of three."""
    deck = Deck(3, np.random.default_rng(0))
    drawn = [deck.draw() for _ in range(6)]
    assert sorted(drawn[:3]) == sorted(drawn[3:]) == [0, 1, 2]


def test_a_surge_is_about_what_most_of_its_examples_are_planted_for() -> None:
    """Three of five are one planted thing's; of two and two nobody can say."""
    surge = Surge(case_ids=[1, 2, 3, 4, 5])
    assert about(surge, {1: "leak", 2: "leak", 3: "leak"}) == "leak"
    assert about(surge, {1: "leak", 2: "leak", 3: "outage", 4: "outage"}) is None
    assert about(Surge(case_ids=[]), {}) is None


def test_no_planted_text_stands_in_the_corpus_or_twice() -> None:
    """They are the world's own."""
    every = [text for one in read_world(1).planted for text in one.texts]
    assert len(set(every)) == len(every)
    corpus = "\n".join(path.read_text(encoding="utf-8") for path in Path(CORPUS).glob("*.csv"))
    assert [text for text in every if text in corpus] == []


def _sums(session: Session) -> dict[tuple[int, str], int]:
    rows = session.execute(select(CaseVolume.created_hour, CaseVolume.label, CaseVolume.cases))
    return {(hour, label): number for hour, label, number in rows}


def _counted(session: Session) -> dict[tuple[int, str], int]:
    rows = session.execute(select(Case.created_hour, Case.level, Case.category)).mappings()
    return dict(volumes.count_in(rows))


def _times(session: Session) -> set[tuple[object, ...]]:
    columns = (CaseTime.created_day, CaseTime.kind, CaseTime.step, CaseTime.cases, CaseTime.seconds)
    return {tuple(row) for row in session.execute(select(*columns))}
