from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from classifier.prediction import Priority
from service.cases.desk import Desk
from service.cases.faults import CaseForbiddenError, CaseRefusedError
from service.cases.file import get_case
from service.cases.verdicts import Opinion, Verdicts
from tests.service.cases.conftest import Queue, in_team_hours, person

ANNA, BERND = person("anna"), person("bernd")


class Clock:
    """A moment that a test moves on."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:  # noqa: D102  (said by the class)
        return self.now


@pytest.fixture
def clock(queue: Queue) -> Clock:
    """The clock of the desk."""
    clock = Clock()
    queue.desk.clock = clock
    return clock


def test_the_clock_stands_still_while_the_customer_has_to_answer(
    queue: Queue, clock: Clock
) -> None:
    """Due later by the pause, by two pauses after two, and never overdue meanwhile."""
    number, desk = queue.add(), queue.desk
    due_at = desk.claim(number, ANNA).due_at
    assert desk.wait_for_customer(number, ANNA).waiting_since == clock.now
    clock.now += timedelta(days=3)
    assert queue.ids(overdue="true") == []
    case = desk.resume(number, ANNA)
    assert (case.due_at, case.waiting_since) == (due_at + timedelta(days=3), None)
    desk.wait_for_customer(number, ANNA)
    clock.now += timedelta(hours=1)
    case = desk.resume(number, ANNA)
    assert case.due_at == due_at + timedelta(days=3, hours=1)
    assert case.paused_seconds == (3 * 24 + 1) * 3600


@pytest.mark.parametrize("end", ["respond", "resolve", "dismiss", "release"])
def test_whatever_ends_the_work_ends_the_waiting(queue: Queue, clock: Clock, end: str) -> None:
    """An answer that was given while waiting is not late."""
    number, desk = queue.add(), queue.desk
    due_at = desk.claim(number, ANNA).due_at
    desk.wait_for_customer(number, ANNA)
    clock.now += timedelta(days=30)
    case = getattr(desk, end)(number, ANNA)
    assert (case.waiting_since, case.due_at) == (None, due_at + timedelta(days=30))
    assert queue.get("/statistics").get_json()["overdue"] == 0


def test_waiting_after_the_answer_moves_nothing(queue: Queue, clock: Clock) -> None:
    """The clock has stopped for good: an answer that was late stays late."""
    number, desk = queue.add(), queue.desk
    due_at = desk.claim(number, ANNA).due_at
    desk.respond(number, ANNA)
    desk.wait_for_customer(number, ANNA)
    clock.now += timedelta(days=1)
    assert desk.resume(number, ANNA).due_at == due_at


def test_a_new_priority_keeps_the_pause(queue: Queue, clock: Clock) -> None:
    """P0 has an hour from the start of the clock, and the day that it stood still."""
    number, desk = queue.add(), queue.desk
    case = desk.claim(number, ANNA)
    desk.wait_for_customer(number, ANNA)
    clock.now += timedelta(days=1)
    desk.resume(number, ANNA)
    queue.verdicts.give(number, ANNA, Opinion(priority=Priority.P0, reason="更急"))
    found = queue.get(f"/{number}").get_json()
    due_at = datetime.fromisoformat(found["due_at"])
    assert due_at == (case.clock_start_at + timedelta(days=1, hours=1)).replace(microsecond=0)


TUESDAY = datetime.fromisoformat("2025-06-03T09:00:00+08:00")  # triage is there from 8 to 22


def wait_over_night(queue: Queue, clock: Clock) -> int:
    """A case with two hours from Tuesday nine o'clock, which waits from ten to Wednesday nine."""
    number = queue.add(occurred_at=TUESDAY.isoformat())
    queue.desk.claim(number, ANNA)
    clock.now = TUESDAY + timedelta(hours=1)
    queue.desk.wait_for_customer(number, ANNA)
    clock.now = TUESDAY + timedelta(hours=24)
    queue.desk.resume(number, ANNA)
    return number


def test_a_pause_counts_in_the_hours_of_the_team(queue: Queue, clock: Clock) -> None:
    """Twelve hours of Tuesday and one of Wednesday: the hour that was left is left again."""
    queue.service.parts.predictor.policy = in_team_hours("P1", "2h")
    case = get_case(queue.desk.database, wait_over_night(queue, clock)).case
    assert case.due_at == TUESDAY + timedelta(hours=25)
    assert case.paused_seconds == 13 * 3600


def test_a_team_with_other_hours_counts_the_pause_anew(queue: Queue, clock: Clock) -> None:
    """23 hours for safety, which never closes; 7 for finance, which closes at noon and at six.

    In either the hour that was left on Wednesday at nine is left again.
    """
    queue.service.parts.predictor.policy = in_team_hours("P1", "2h")
    number = wait_over_night(queue, clock)
    for category, paused in (("safety", 23), ("refund", 7)):
        queue.verdicts.give(number, ANNA, Opinion(category, reason="归错了"))
        case = get_case(queue.desk.database, number).case
        assert case.paused_seconds == pytest.approx(paused * 3600, abs=1), category
        late = case.due_at - TUESDAY - timedelta(hours=25)
        assert abs(late) <= timedelta(seconds=1), category


def test_waiting_is_refused_where_it_makes_no_sense(queue: Queue, clock: Clock) -> None:
    """Of a case nobody has, twice, by a colleague, and ending what did not begin."""
    number, desk = queue.add(), queue.desk
    with pytest.raises(CaseRefusedError, match="待认领"):
        desk.wait_for_customer(number, ANNA)
    desk.claim(number, ANNA)
    with pytest.raises(CaseRefusedError, match="没有在等待"):
        desk.resume(number, ANNA)
    with pytest.raises(CaseForbiddenError):
        desk.wait_for_customer(number, BERND)
    desk.wait_for_customer(number, ANNA)
    with pytest.raises(CaseRefusedError, match="已经在等待"):
        desk.wait_for_customer(number, ANNA)


def test_the_api_waits_and_resumes(queue: Queue) -> None:
    """With the version that was seen, like every other move."""
    number = queue.add()
    queue.post(f"/{number}/claim")
    waiting = queue.post(f"/{number}/wait_for_customer", version=2)
    assert waiting.get_json()["waiting_since"] is not None
    assert queue.post(f"/{number}/resume", version=2).status_code == 409
    assert queue.post(f"/{number}/resume", version=3).get_json()["waiting_since"] is None
    actions = [entry["action"] for entry in queue.get(f"/{number}/history").get_json()["items"]]
    assert actions == ["enqueue", "claim", "wait_for_customer", "resume"]


def test_a_desk_and_verdicts_that_announce_nothing(queue: Queue) -> None:
    """Demo cases are worked on without telling anybody."""
    desk = Desk(queue.desk.database, queue.desk.secret, queue.desk.policy, announces=False)
    number = queue.add()
    desk.claim(number, ANNA)
    Verdicts(desk, queue.service.parts.predictor).give(number, ANNA, Opinion())
    with queue.desk.database.engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT type FROM outbox_events").scalars().all()
    assert found == ["case.created"]
