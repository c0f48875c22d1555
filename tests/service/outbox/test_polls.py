"""How often the worker looks into the database: once a pause, whatever waits there."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from service.db import Database
from service.outbox import deliveries
from service.outbox.configuration import WebhookTarget
from service.outbox.lanes import Lane
from service.outbox.tables import DeliveryState
from service.outbox.targets import load_targets
from tests.service.cases.conftest import person
from tests.service.outbox.conftest import SECRET, Outbox, webhook

ANNA = person("anna")
PAUSE = 0.2
CASES = 20
NOBODY = "http://127.0.0.1:9/hook"  # the port of the discard service, where nothing listens


@contextmanager
def statements(database: Database) -> Iterator[list[tuple[str, object]]]:
    """Every statement that is run meanwhile, with its parameters."""
    seen: list[tuple[str, object]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        seen.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def polls(outbox: Outbox, file: str, seconds: float = 1.5) -> float:
    """How many looks a worker takes in the time of one pause, over some seconds."""
    runner, stop = outbox.runner(file), threading.Event()
    thread = threading.Thread(target=runner.run, args=(stop,))
    with statements(outbox.database) as seen:
        start = time.monotonic()
        thread.start()
        time.sleep(seconds)
        while time.monotonic() - start < 60 and looks(seen) < 2:
            time.sleep(0.05)
        stop.set()
        runner.wake()
        thread.join(20)
        elapsed = time.monotonic() - start
    return looks(seen) / (elapsed / PAUSE)


def looks(seen: list[tuple[str, object]]) -> int:
    """Each look begins with the question for new events."""
    return sum("is_routed IS false" in s or "is_routed IS 0" in s for s, _ in seen)


def fill(outbox: Outbox, cases: int = CASES) -> None:
    """Cases with two deliveries each."""
    for _ in range(cases):
        outbox.queue.desk.claim(outbox.queue.add(), ANNA)
    targets = load_targets(outbox.write(webhook(NOBODY)), {"CRM_SECRET": SECRET})
    deliveries.route(outbox.database, targets.by_name, datetime.now(UTC))


def nothing(_outbox: Outbox) -> None:
    """No event at all."""


def unwanted(outbox: Outbox) -> None:
    """An event that no target asks for."""
    outbox.queue.add()


def leased(outbox: Outbox) -> None:
    """Another worker has all in hand that could go."""
    fill(outbox)
    lease = ("other", timedelta(seconds=100))
    deliveries.take(outbox.database, "crm", datetime.now(UTC), lease=lease, limit=CASES)


def put_off(outbox: Outbox) -> None:
    """The first event of each case failed; the second waits behind it."""
    fill(outbox)
    now = datetime.now(UTC)
    for job in deliveries.take(
        outbox.database, "crm", now, lease=("a", timedelta(seconds=9)), limit=CASES
    ):
        deliveries.put_off(outbox.database, job, now + timedelta(minutes=10), "HTTP 500")


@pytest.mark.parametrize(
    ("prepare", "file"),
    [
        (nothing, webhook(NOBODY)),
        (leased, webhook(NOBODY)),
        (put_off, webhook(NOBODY)),
        (fill, webhook(NOBODY, name="other")),  # what is pending has no target any more
        (unwanted, webhook(NOBODY, 'events = ["case.resolved"]')),
    ],
)
def test_a_worker_with_nothing_to_do_looks_once_a_pause(
    outbox: Outbox,
    monkeypatch: pytest.MonkeyPatch,
    prepare: Callable[[Outbox], None],
    file: str,
) -> None:
    """Whether nothing is there, or what is there must wait, or is not for anybody."""
    prepare(outbox)
    monkeypatch.setattr("service.outbox.runner.POLL_SECONDS", PAUSE)
    assert polls(outbox, file) < 1.5


def test_without_targets_a_worker_hardly_looks(outbox: Outbox) -> None:
    """Files may change and clocks ring."""
    outbox.queue.add()
    assert polls(outbox, "", 1.0) < 5 * PAUSE


def test_a_target_where_nobody_answers_is_tried_by_one_event_at_a_time(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by each case on its own: a thousand of them took a whole core."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # not listening: connections are refused
        fill(outbox)
        monkeypatch.setattr("service.outbox.runner.POLL_SECONDS", PAUSE)
        address = f"http://127.0.0.1:{free.getsockname()[1]}/hook"
        assert polls(outbox, webhook(address, "parallel = 4")) < 4
    tried = [delivery for delivery in outbox.deliveries() if delivery.attempts]
    assert 1 <= len(tried) <= 4 + 2  # what was under way at first, then after 1 and 2 seconds
    assert {delivery.state for delivery in tried} == {DeliveryState.PENDING}


def test_silence_closes_a_lane_for_longer_each_time_until_somebody_answers() -> None:
    """1, 2, 4 … 30 seconds; of several under way one counts, and afterwards one tries."""
    now = [0.0]
    settings = WebhookTarget(kind="webhook", url="https://a", secret_env="S", parallel=3)
    lane = Lane(settings, clock=lambda: now[0])
    for pause in (1, 2, 4, 8, 16, 30, 30):
        lane.note_silence()
        lane.note_silence()
        now[0] += pause - 0.01
        assert lane.free() == 0
        now[0] += 0.02
        assert lane.free() == 1
    lane.note_answer()
    assert lane.free() == 3


def test_what_waits_behind_a_failed_event_is_put_off_with_it(outbox: Outbox) -> None:
    """In the same case and at the same target only; then it goes in order."""
    fill(outbox, 2)
    now = datetime.now(UTC)
    until, lease = now + timedelta(minutes=10), timedelta(seconds=9)
    job = deliveries.take(outbox.database, "crm", now, lease=("a", lease), limit=1)[0]
    deliveries.put_off(outbox.database, job, until, "HTTP 500")
    waiting = [d.case_key for d in outbox.deliveries() if d.next_at >= until]
    assert waiting == [job.case_id] * 2
    later = deliveries.take(outbox.database, "crm", until, lease=("b", lease), limit=9)
    assert job.event_number in [one.event_number for one in later]
    assert len(later) == 2
    deliveries.put_off(outbox.database, job, until + lease, "too late")  # b has it in hand
    assert all(d.next_at <= until for d in outbox.deliveries())


def test_the_first_of_a_case_is_one_look_into_an_index(outbox: Outbox) -> None:
    """As a join it was 55 seconds for 20,000 deliveries on a PostgreSQL without statistics."""
    fill(outbox, 1)
    lease = ("a", timedelta(seconds=9))
    with statements(outbox.database) as seen:
        deliveries.take(outbox.database, "crm", datetime.now(UTC), lease=lease, limit=4)
    statement, parameters = next(found for found in seen if "min(" in found[0])
    with outbox.database.engine.connect() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        explain = "EXPLAIN QUERY PLAN " if is_sqlite else "EXPLAIN "
        rows = connection.exec_driver_sql(explain + statement, parameters).all()
    plan = "\n".join(str(row[-1]) for row in rows)
    assert "ix_outbox_deliveries_case" in plan
    assert ("case_key=?" if is_sqlite else "case_key = ") in plan
