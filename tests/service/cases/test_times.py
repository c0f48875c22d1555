from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text, update

from classifier.prediction import Priority
from service.cases.record import hour
from service.cases.tables import Case, CaseTime
from service.cases.times import recount, step_of, sums
from service.cases.verdicts import Opinion
from service.db import downgrade, upgrade
from service.tables import Role
from tests.service.cases.conftest import Queue, person

Sums = dict[tuple[int, str, int], tuple[int, int]]


class Clock:
    """A moment that tests move."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        """The moment."""
        return self.now


def kept(queue: Queue) -> Sums:
    """The sums that are not nothing."""
    with queue.service.database.session() as session:
        rows = session.scalars(select(CaseTime)).all()
    return {(r.created_day, r.kind, r.step): (r.cases, r.seconds) for r in rows if r.cases}


def counted(queue: Queue) -> Sums:
    """The sums as they are when all cases are counted anew."""
    with queue.service.database.session() as session:
        recount(session)
        session.commit()
    return kept(queue)


def test_the_sums_follow_every_move(queue: Queue) -> None:
    """Responded, resolved, reopened, resolved again, made more urgent: never another sum."""
    by, clock = person("anna"), Clock()
    queue.desk.clock = clock
    number, other = queue.add(), queue.add()
    seen = []
    for hours, move in (
        (1, lambda: queue.desk.claim(number, by)),
        (2, lambda: queue.desk.respond(number, by)),
        (3, lambda: queue.desk.resolve(number, by)),
        (4, lambda: queue.desk.reopen(number, by)),
        (1, lambda: queue.desk.claim(number, by)),
        (5, lambda: queue.desk.resolve(number, by)),
        (6, lambda: queue.verdicts.give(number, by, Opinion(priority=Priority.P0, reason="急"))),
        (7, lambda: queue.verdicts.give(number, by, Opinion(priority=Priority.P3, reason="缓"))),
        (30, lambda: queue.desk.claim(other, by)),
        (240, lambda: queue.desk.dismiss(other, by)),
    ):
        clock.now += timedelta(hours=hours)
        move()
        seen.append(kept(queue))
        assert seen[-1] == counted(queue)
    assert len({str(sorted(one.items())) for one in seen}) >= 6


def test_a_priority_that_is_raised_makes_a_response_late(queue: Queue) -> None:
    """The clock of P0 had run out when the first response came; that of P3 had not."""
    by, clock = person("anna"), Clock()
    queue.desk.clock = clock
    number = queue.add()
    queue.desk.claim(number, by)
    clock.now += timedelta(minutes=90)
    queue.desk.respond(number, by)
    queue.verdicts.give(number, by, Opinion(priority=Priority.P3, reason="缓"))
    assert "late" not in {kind for _, kind, _ in kept(queue)}
    queue.verdicts.give(number, by, Opinion(priority=Priority.P0, reason="急"))
    assert "late" in {kind for _, kind, _ in kept(queue)}


@pytest.mark.parametrize("ago", [0, 1, 13, 23, 24, 25])
def test_a_period_begins_at_any_hour(queue: Queue, ago: int) -> None:
    """Hours before the first whole UTC day are counted, and none twice."""
    now = hour(datetime.now(UTC))
    with queue.service.database.session() as session:
        for back in range(0, 72, 5):
            number = queue.add()
            values = {"created_hour": now - back, "response_seconds": 60 * (back + 1)}
            session.execute(update(Case).where(Case.id == number).values(**values))
            session.commit()
        recount(session)
        session.commit()
        since = now - 24 - ago
        found = sums(session, since)
    inside = [60 * (back + 1) for back in range(0, 72, 5) if now - back >= since]
    response = [(n, seconds) for kind, _, n, seconds in found if kind == "response"]
    assert sum(n for n, _ in response) == len(inside)
    assert sum(seconds for _, seconds in response) == sum(inside)


def test_steps_never_shrink_and_keep_the_columns_of_the_charts() -> None:
    """A longer time has no smaller step; the ends of the columns are steps themselves."""
    steps = [step_of(seconds) for seconds in range(0, 700_000, 7)]
    assert steps == sorted(steps)
    for end in (900, 3600, 7200, 14_400, 28_800, 86_400, 259_200, 604_800):
        assert step_of(end) == end
        assert step_of(end + 1) > end


def test_an_older_database_gets_its_sums(queue: Queue) -> None:
    """The revision counts what is there as the desk would have."""
    by = person("anna", Role.ADJUDICATOR)
    for _ in range(3):
        queue.desk.claim(number := queue.add(), by)
        queue.desk.resolve(number, by)
    with queue.service.database.session() as session:
        session.execute(text("UPDATE cases SET response_seconds = id * 30000"))
        session.commit()
    expected = counted(queue)
    assert expected
    downgrade(queue.service.database, revision="0004")
    upgrade(queue.service.database)
    assert kept(queue) == expected
