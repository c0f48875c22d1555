from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

import pytest
from sqlalchemy import make_url, update
from sqlalchemy.exc import OperationalError

from service.outbox import deliveries
from service.outbox.configuration import WebhookTarget
from service.outbox.lanes import Lane, delay_seconds
from service.outbox.sending import SendError
from service.outbox.tables import DeliveryState, OutboxDelivery
from service.outbox.targets import load_targets
from tests.conftest import ROOT
from tests.service.cases.conftest import person
from tests.service.outbox.conftest import (
    Outbox,
    Receiver,
    Reply,
    Request,
    environment_of,
    webhook,
)
from tests.service.postgres import postgres_server

ANNA = person("anna")
DEAD, DELIVERED, PENDING = DeliveryState.DEAD, DeliveryState.DELIVERED, DeliveryState.PENDING


def work(outbox: Outbox, cases: int) -> list[int]:
    """So many cases, each with three events; their numbers."""
    numbers = [outbox.queue.add() for _ in range(cases)]
    for number in numbers:
        outbox.queue.desk.claim(number, ANNA)
        outbox.queue.desk.respond(number, ANNA)
    return numbers


def case_of(request: Request) -> int:
    """The case that a request is about."""
    return int(request.json["data"]["case"]["case_id"])


def states(outbox: Outbox) -> Counter[DeliveryState]:
    """How many deliveries are in which state."""
    return Counter(delivery.state for delivery in outbox.deliveries())


def check_order(outbox: Outbox, receiver: Receiver) -> None:
    """Every event came, and of each case in order; repeated ones in a row and alike."""
    came = [(case_of(r), r.headers["webhook-id"], r.body) for r in receiver.requests]
    wanted: dict[int, list[str]] = {}
    for event in outbox.events():
        wanted.setdefault(int(event.case_id or 0), []).append(event.id)
    for number, ids in wanted.items():
        assert [one for one, _ in groupby(i for c, i, _ in came if c == number)] == ids
    assert len({(i, body) for _, i, body in came}) == sum(map(len, wanted.values()))


def test_everything_is_delivered_once_and_in_order(outbox: Outbox, receiver: Receiver) -> None:
    """When nothing goes wrong."""
    work(outbox, 3)
    outbox.deliver(webhook(receiver.url))
    assert len(receiver.requests) == 9
    check_order(outbox, receiver)
    assert states(outbox) == {DELIVERED: 9}
    outbox.deliver(webhook(receiver.url))
    assert len(receiver.requests) == 9


def test_a_failing_event_holds_back_its_own_case_and_target_only(
    outbox: Outbox, receiver: Receiver
) -> None:
    """Other cases and other targets go on."""
    stuck, fine = work(outbox, 2)
    receiver.answer = lambda r: Reply(
        500 if case_of(r) == stuck and r.path.endswith("hook") else 200
    )
    text = webhook(receiver.url, "first_retry_seconds = 600".replace("first_", "#"))
    text = text.replace("first_retry_seconds = 0.1", "first_retry_seconds = 600")
    outbox.deliver(text + webhook(receiver.url + "/other", name="other"))
    mine = [r for r in receiver.requests if r.path.endswith("hook")]
    assert [case_of(r) for r in mine].count(stuck) == 1
    assert [r.json["type"] for r in mine if case_of(r) == fine] == [
        "case.created", "case.claimed", "case.responded",
    ]  # fmt: skip
    assert len([r for r in receiver.requests if r.path.endswith("other")]) == 6
    held = [d for d in outbox.deliveries() if d.state is PENDING]
    assert [(d.target, d.attempts, d.last_error) for d in held] == [
        ("crm", 1, "HTTP 500"), ("crm", 0, None), ("crm", 0, None),
    ]  # fmt: skip


def test_a_target_that_comes_back_gets_everything_in_order(
    outbox: Outbox, receiver: Receiver
) -> None:
    """With the same ids and bodies, whatever it answered before."""
    work(outbox, 2)
    answers = iter([500, 503, 429, 500, 502, 404, 500])
    receiver.answer = lambda _: Reply(next(answers, 200))
    until(lambda: outbox.deliver(webhook(receiver.url)) or states(outbox) == {DELIVERED: 6})
    check_order(outbox, receiver)
    assert len(receiver.requests) == 13


def until(is_so: object, seconds: float = 30) -> None:
    """Tries again until something is so."""
    end = time.monotonic() + seconds
    while not is_so():  # type: ignore[operator]
        assert time.monotonic() < end, "it never became so"
        time.sleep(0.05)


def test_what_is_refused_for_good_is_a_dead_letter_that_can_be_replayed(
    outbox: Outbox, receiver: Receiver
) -> None:
    """The case goes on without it; replayed, it has the same id."""
    work(outbox, 1)
    receiver.answer = lambda r: Reply(410 if r.json["type"] == "case.created" else 200)
    outbox.deliver(webhook(receiver.url))
    assert states(outbox) == {DEAD: 1, DELIVERED: 2}
    listed = cli(outbox, "outbox", "list", "--json")
    assert '"type":"case.created"' in listed
    assert "HTTP 410" in listed
    receiver.answer = lambda _: Reply()
    assert "1 deliveries" in cli(outbox, "outbox", "replay", "--all")
    outbox.deliver(webhook(receiver.url))
    assert states(outbox) == {DELIVERED: 3}
    assert receiver.ids[0] == receiver.ids[-1]


def cli(outbox: Outbox, *words: str) -> str:
    """What a command prints."""
    done = subprocess.run(
        [sys.executable, "-m", "service", *words],
        cwd=ROOT,
        env=environment_of(outbox, outbox.folder / "targets.toml"),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_after_its_time_an_event_is_given_up(outbox: Outbox, receiver: Receiver) -> None:
    """Counted from the first attempt."""
    outbox.queue.add()
    receiver.answer = lambda _: Reply(500)
    text = webhook(receiver.url, "give_up_hours = 1")
    outbox.deliver(text)
    assert states(outbox) == {PENDING: 1}
    now = datetime.now(UTC)
    with outbox.database.session() as session:
        old = {"first_attempt_at": now - timedelta(hours=2), "next_at": now}
        session.execute(update(OutboxDelivery).values(**old))
        session.commit()
    outbox.deliver(text)
    assert states(outbox) == {DEAD: 1}


def test_a_busy_target_is_left_alone_as_long_as_it_asks(outbox: Outbox, receiver: Receiver) -> None:
    """429 with Retry-After closes the target for all cases."""
    work(outbox, 5)
    receiver.answer = lambda _: Reply(429, headers={"Retry-After": "600"})
    outbox.deliver(webhook(receiver.url, "parallel = 1"))
    assert len(receiver.requests) == 1
    put_off = next(d for d in outbox.deliveries() if d.attempts)
    assert put_off.next_at > datetime.now(UTC) + timedelta(seconds=500)


def test_the_pause_doubles_is_scattered_and_has_an_end() -> None:
    """From the first pause of the target up to an hour; never less than was asked for."""
    settings = WebhookTarget(kind="webhook", url="https://a", secret_env="S")
    failed, draws = SendError("HTTP 500"), random.Random(1)  # noqa: S311
    for attempts, middle in ((0, 5), (1, 10), (4, 80), (30, 3600)):
        found = {delay_seconds(settings, attempts, failed, draws) for _ in range(50)}
        assert 0.75 * middle <= min(found)
        assert max(found) <= min(1.25 * middle, 3600)
        assert len(found) > 10
    asked = SendError("HTTP 429", wait_seconds=60)
    assert delay_seconds(settings, 0, asked, draws) == 60
    assert delay_seconds(settings, 0, SendError("x", wait_seconds=1e9), draws) == 3600


def test_a_lane_keeps_to_its_numbers() -> None:
    """So many at once, so many in a minute."""
    now = [0.0]
    settings = WebhookTarget(
        kind="webhook", url="https://a", secret_env="S", parallel=3, per_minute=60
    )
    lane = Lane(settings, clock=lambda: now[0])
    assert lane.free() == 1
    lane.start()
    assert lane.free() == 0
    now[0] = 1.0
    assert lane.free() == 1
    lane.close_for(30)
    assert lane.free() == 0
    now[0] = 31.0
    assert lane.free() == 1


def test_once_waits_for_the_share_of_the_next_minute(outbox: Outbox, receiver: Receiver) -> None:
    """A robot that takes little gets all that is due all the same."""
    work(outbox, 1)
    outbox.deliver(webhook(receiver.url, "per_minute = 120\nparallel = 1"))
    assert states(outbox) == {DELIVERED: 3}


def test_a_clock_that_was_set_back_stops_nothing(outbox: Outbox, receiver: Receiver) -> None:
    """What a future clock put off by a year or leased for a year is taken up again."""
    work(outbox, 1)
    targets = load_targets(outbox.write(webhook(receiver.url)), {"CRM_SECRET": "whsec_" + "A" * 32})
    now = datetime.now(UTC)
    deliveries.route(outbox.database, targets.by_name, now)
    with outbox.database.session() as session:
        ahead = now + timedelta(days=365)
        session.execute(update(OutboxDelivery).values(next_at=ahead, lease="x", lease_until=ahead))
        session.commit()
    outbox.deliver(webhook(receiver.url))
    assert states(outbox) == {DELIVERED: 3}


def test_of_two_that_take_one_delivery_one_gets_it(outbox: Outbox, receiver: Receiver) -> None:
    """Also when both saw it free; when the lease is over it can be taken again."""
    outbox.queue.add()
    targets = load_targets(outbox.write(webhook(receiver.url)), {"CRM_SECRET": "whsec_" + "A" * 32})
    now, lease = datetime.now(UTC), timedelta(seconds=10)
    deliveries.route(outbox.database, targets.by_name, now)
    first = deliveries.take(outbox.database, "crm", now, lease=("a", lease), limit=5)
    second = deliveries.take(outbox.database, "crm", now, lease=("b", lease), limit=5)
    assert (len(first), len(second)) == (1, 0)
    later = now + timedelta(seconds=11)
    third = deliveries.take(outbox.database, "crm", later, lease=("b", lease), limit=5)
    assert [job.event_id for job in third] == [first[0].event_id]
    deliveries.give_up(outbox.database, first[0], later, "too late")
    assert states(outbox) == {PENDING: 1}
    deliveries.deliver_done(outbox.database, third[0], later)
    assert states(outbox) == {DELIVERED: 1}


def test_old_events_are_dropped_but_not_dead_ones(outbox: Outbox, receiver: Receiver) -> None:
    """What somebody still has to look at stays."""
    fine, refused = work(outbox, 2)
    receiver.answer = lambda r: Reply(410 if case_of(r) == refused else 200)
    outbox.deliver(webhook(receiver.url))
    later = datetime.now(UTC) + timedelta(days=1)
    assert deliveries.purge(outbox.database, later) == 3
    assert {event.case_id for event in outbox.events()} == {refused}
    assert fine not in {event.case_id for event in outbox.events()}


def start(outbox: Outbox, path: Path, *words: str) -> subprocess.Popen[bytes]:
    """A worker process."""
    return subprocess.Popen(
        [sys.executable, "-m", "service", "worker", *words],
        cwd=ROOT,
        env=environment_of(outbox, path),
        stderr=subprocess.DEVNULL,
    )


def test_two_workers_never_deliver_the_same_event_at_the_same_time(
    outbox: Outbox, receiver: Receiver
) -> None:
    """Nor two events of one case: a slow target sees each event once, in order.

    Nothing is answered before both have something in hand, however slowly they start.
    """
    work(outbox, 8)
    under_way: Counter[int] = Counter()
    worst, lock, both = [0], threading.Lock(), threading.Event()

    def answer(request: Request) -> Reply:
        number = case_of(request)
        with lock:
            under_way[number] += 1
            worst[0] = max(worst[0], under_way[number])
        both.wait(60)
        time.sleep(0.05)
        with lock:
            under_way[number] -= 1
        return Reply()

    receiver.answer = answer
    path = outbox.write(webhook(receiver.url, "timeout_seconds = 60"))
    workers = [start(outbox, path), start(outbox, path)]
    try:
        until(lambda: len({d.lease.split("-")[0] for d in outbox.deliveries() if d.lease}) == 2, 60)
        both.set()
        until(lambda: states(outbox) == {DELIVERED: 24}, 60)
    finally:
        for process in workers:
            process.terminate()
        codes = [process.wait(20) for process in workers]
    assert codes == [0, 0]
    assert (worst[0], len(receiver.ids), len(set(receiver.ids))) == (1, 24, 24)
    check_order(outbox, receiver)


def test_a_worker_that_is_killed_loses_nothing(outbox: Outbox, receiver: Receiver) -> None:
    """Kill -9 again and again: everything comes, in order; what is repeated has the same id."""
    work(outbox, 6)

    def answer(_request: Request) -> Reply:
        time.sleep(0.1)
        return Reply()

    receiver.answer = answer
    text = "lease_seconds = 2\n" + webhook(receiver.url, "timeout_seconds = 1\nparallel = 2")
    path = outbox.write(text)
    kills, draws = 0, random.Random(3)  # noqa: S311
    while kills < 5:
        before = len(receiver.requests)
        process = start(outbox, path)
        until(
            lambda seen=before: len(receiver.requests) > seen or states(outbox) == {DELIVERED: 18},
            60,
        )
        time.sleep(draws.random() * 0.15)
        process.kill()
        process.wait()
        kills += 1
    last = start(outbox, path)
    try:
        until(lambda: states(outbox) == {DELIVERED: 18}, 60)
    finally:
        last.kill()
        last.wait()
    check_order(outbox, receiver)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_worker_outlives_a_database_that_goes_away(outbox: Outbox, receiver: Receiver) -> None:
    """Connections that are cut while it delivers cost nothing but time."""
    work(outbox, 5)
    name = str(make_url(outbox.queue.service.settings.database_url).database)

    def answer(_request: Request) -> Reply:
        if len(receiver.requests) % 3 == 0:
            postgres_server().cut_off(name)
        return Reply()

    receiver.answer = answer
    text = "lease_seconds = 5\n" + webhook(receiver.url, "timeout_seconds = 2\nparallel = 2")
    runner, stop = outbox.runner(text), threading.Event()
    thread = threading.Thread(target=runner.run, args=(stop,))
    thread.start()
    try:
        until(lambda: len(set(receiver.ids)) == 15, 60)
        receiver.answer = lambda _request: Reply()
        until(lambda: settled(outbox) == 15, 60)
    finally:
        stop.set()
        runner.wake()
        thread.join(20)
    check_order(outbox, receiver)


def settled(outbox: Outbox) -> int:
    """How many deliveries are done; 0 while the database is cut off."""
    try:
        return states(outbox)[DELIVERED]
    except OperationalError:
        return 0


def test_a_slow_target_holds_up_no_other(outbox: Outbox, receiver: Receiver) -> None:
    """The other one has everything before the slow one has its second event."""
    work(outbox, 2)

    def answer(request: Request) -> Reply:
        if request.path.endswith("slow"):
            time.sleep(1)
        return Reply()

    receiver.answer = answer
    slow = webhook(receiver.url + "/slow", "parallel = 1", name="a")
    outbox.deliver(slow + webhook(receiver.url, name="b"))
    slow_ones = [n for n, r in enumerate(receiver.requests) if r.path.endswith("slow")]
    fast_ones = [n for n, r in enumerate(receiver.requests) if not r.path.endswith("slow")]
    assert (len(slow_ones), len(fast_ones)) == (6, 6)
    assert max(fast_ones) < slow_ones[3]


def test_a_worker_sees_a_changed_file_and_keeps_the_old_one_when_it_is_wrong(
    outbox: Outbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has to start it again."""
    monkeypatch.setattr("service.outbox.runner._RELOAD_SECONDS", 0.0)
    runner, stop = outbox.runner(webhook(receiver.url)), threading.Event()
    thread = threading.Thread(target=runner.run, args=(stop,))
    thread.start()
    try:
        outbox.write("nonsense = 1")
        time.sleep(0.3)
        outbox.queue.add()
        until(lambda: len(receiver.requests) == 1)
        outbox.write(webhook(receiver.url + "/new", 'events = ["case.claimed"]'))
        time.sleep(1.5)
        outbox.queue.desk.claim(outbox.queue.add(), ANNA)
        until(lambda: receiver.requests[-1].path == "/hook/new")
    finally:
        stop.set()
        runner.wake()
        thread.join(20)
    assert receiver.types == ["case.created", "case.claimed"]
