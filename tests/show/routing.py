"""Tickets of a fake Zammad through the real service while its worker is killed again and again.

`python -m tests.show.routing`: tickets come in by webhook, are classified, become cases, and are
written back; a fake 飞书 robot is told of the cases. The worker is killed (kill -9) while it
delivers. Then a changed policy is replayed on the same texts, and the clock runs fast until
cases are overdue. The exit status is 1 if anything was lost or written twice.
"""

from __future__ import annotations

import collections
import json
import logging
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import httpx
import pandas as pd
import structlog
from sqlalchemy import func, select

from service.adapters.tables import AdapterMessage
from service.cases.tables import Case
from service.db import Database
from service.outbox.runner import Runner
from service.outbox.tables import DeliveryState, OutboxDelivery, OutboxEvent
from service.outbox.targets_file import TargetsFile
from service.policy_watch import PolicyWatch
from service.secret import load_secret
from tests.bench.server import free_port, running
from tests.conftest import ROOT
from tests.service.adapters.fakes import TOKEN, FakeZammad
from tests.service.adapters.kits import KITS, SECRET, Json
from tests.service.adapters.server import Reply
from tests.service.adapters.server import Request as TicketRequest
from tests.service.outbox.conftest import Receiver
from tests.service.outbox.conftest import Reply as RobotReply

_FIRST_TICKET = 1000
_SECONDS_A_REQUEST = 0.02  # of the fakes, so that a kill hits deliveries under way
_REQUESTS_A_TICKET = 4  # at least
_PATIENCE_SECONDS = 300.0
_CARD = re.compile(r"https://triage\.example\.com/cases/(\d+)")
_KIT = KITS["zammad"]

_ADAPTERS = """
[adapters.desk]
system = "zammad"
base_url = "{url}"
allow_http = true
secret_env = "DESK_SECRET"
token_env = "DESK_TOKEN"
own_users = ["triage@example.com"]
[adapters.desk.tags]
always = ["triage"]
[adapters.desk.delivery]
timeout_seconds = 4
first_retry_seconds = 0.2
"""
_TARGETS = """
page_url = "https://triage.example.com/cases/{case_id}"
lease_seconds = 5
[targets.duty]
kind = "feishu"
url_env = "FEISHU_URL"
secret_env = "FEISHU_SECRET"
allow_http = true
events = ["case.created", "case.reminder", "case.overdue", "case.escalated"]
priority = "P3"
timeout_seconds = 4
per_minute = 60000
first_retry_seconds = 0.2
[on_call.experts]
people = ["王芳"]
[escalation]
remind_share = 0.25
on_call = {L2 = "experts"}
check_seconds = 1
"""


@dataclass
class Scene:
    """The fakes, and the environment that service and worker run in."""

    zammad: FakeZammad
    robot: Receiver
    home: Path
    env: dict[str, str]

    @property
    def database(self) -> Database:
        """The service's database."""
        return Database(f"sqlite:///{self.home / 'triage.sqlite3'}")

    def served(self) -> int:
        """How many requests the fakes have had."""
        return len(self.zammad.requests) + len(self.robot.requests)

    def pending(self) -> int:
        """Events without deliveries yet, and deliveries that are under way."""
        with self.database.session() as session:
            unrouted = select(func.count()).where(OutboxEvent.is_routed.is_(False))
            under_way = select(func.count()).where(OutboxDelivery.state == DeliveryState.PENDING)
            return (session.scalar(unrouted) or 0) + (session.scalar(under_way) or 0)

    def worker(self) -> subprocess.Popen[bytes]:
        """A worker process; what it complains of is seen."""
        command = [sys.executable, "-m", "service", "worker"]
        return subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=subprocess.DEVNULL)

    def cards(self) -> list[int]:
        """The number of the case of each card that the robot got."""
        found = (_CARD.search(request.body.decode()) for request in self.robot.requests)
        return [int(card[1]) for card in found if card]


@contextmanager
def _scene(tickets: int) -> Iterator[Scene]:
    zammad, robot = FakeZammad(), Receiver()
    numbers = range(_FIRST_TICKET, _FIRST_TICKET + tickets)
    zammad.tickets = {str(number): zammad.new_ticket() for number in numbers}

    def linger(_request: TicketRequest) -> Reply | None:
        time.sleep(_SECONDS_A_REQUEST)
        return None

    def take(_request: object) -> RobotReply:
        time.sleep(_SECONDS_A_REQUEST)
        return RobotReply(body=b'{"code": 0}')

    zammad.trouble, robot.answer = linger, take
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        adapters, targets = home / "adapters.toml", home / "targets.toml"
        adapters.write_text(_ADAPTERS.format(url=zammad.url), encoding="utf-8")
        targets.write_text(_TARGETS, encoding="utf-8")
        own = {
            "TRIAGE_HOME": folder, "TRIAGE_PORT": str(free_port()), "TRIAGE_LOG_LEVEL": "ERROR",
            "TRIAGE_ADAPTERS": str(adapters), "TRIAGE_TARGETS": str(targets),
            "TRIAGE_EVENT_WORKER": "false", "DESK_SECRET": SECRET, "DESK_TOKEN": TOKEN,
            "FEISHU_URL": robot.url, "FEISHU_SECRET": SECRET,
        }  # fmt: skip
        os.environ.update(own)  # the fast clock's worker runs in this process
        yield Scene(zammad, robot, home, {**os.environ})
        zammad.close()
        robot.close()


def _payload(number: int, text: str) -> Json:
    """The webhook of a new ticket."""
    found = _KIT.payload(number * 10, text)
    ticket, article = found["ticket"], found["article"]
    assert isinstance(ticket, dict)
    assert isinstance(article, dict)
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    ticket |= {"id": number, "number": str(number), "title": "投诉", "article_ids": [number * 10]}
    ticket |= {"created_at": now, "updated_at": now}
    article |= {"ticket_id": number, "subject": "投诉", "created_at": now}
    return found


def _send(port: str, number: int, text: str) -> str:
    """What was done with one ticket's webhook."""
    body = json.dumps(_payload(number, text), ensure_ascii=False).encode()
    address = f"http://127.0.0.1:{port}/v1/adapters/desk"
    headers = {name: value.encode() for name, value in _KIT.sign(body, SECRET).items()}
    answer = httpx.post(address, content=body, headers=headers, timeout=60)
    return str(answer.raise_for_status().json()["result"])


def _until(is_done: Callable[[], bool], process: subprocess.Popen[bytes] | None = None) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while not is_done():
        if process is not None and process.poll() is not None:
            sys.exit("the worker ended by itself")
        if time.monotonic() > end:
            sys.exit(f"nothing happened for {_PATIENCE_SECONDS:.0f} s")
        time.sleep(0.02)


def _kill_workers(scene: Scene, kills: int, total: int) -> int:
    """Kills workers, spread over all deliveries; how many had some in hand or before them."""
    draws, done = random.Random(1), 0  # noqa: S311
    for number in range(kills):
        process = scene.worker()
        goal = total * (number + 1) // (kills + 1)
        before = scene.served()
        wanted = max(goal, before + 3)
        _until(
            lambda wanted=wanted: scene.served() >= wanted or not scene.pending(),
            process,
        )
        time.sleep(draws.random() * 0.1)
        done += scene.pending() > 0
        process.kill()
        process.wait()
    last = scene.worker()
    _until(lambda: scene.pending() == 0, last)
    last.terminate()
    last.wait()
    return done


def _table(scene: Scene, answers: list[str], kills: int) -> bool:
    """Prints what became of the tickets; whether all is as it should be."""
    notes = [len(ticket.notes) for ticket in scene.zammad.tickets.values()]
    tagged = sum(ticket.tags == ["triage"] for ticket in scene.zammad.tickets.values())
    with scene.database.session() as session:

        def count(*where: object, of: type = OutboxDelivery) -> int:
            return session.scalar(select(func.count()).select_from(of).where(*where)) or 0  # type: ignore[arg-type]

        decided, cases = count(of=AdapterMessage), count(of=Case)
        events = collections.Counter(session.scalars(select(OutboxEvent.type)))
        delivered = count(OutboxDelivery.state == DeliveryState.DELIVERED)
        dead = count(OutboxDelivery.state == DeliveryState.DEAD)
    cards = scene.cards()
    rows = [
        ("tickets sent", len(answers)),
        ("  answered 'accepted'", answers.count("accepted")),
        ("decisions stored", decided),
        ("notes in tickets", sum(notes)),
        ("  tickets with just one note", notes.count(1)),
        ("  tickets with just the tag", tagged),
        ("  public articles written", sum(len(t.public) for t in scene.zammad.tickets.values())),
        ("events for Zammad", events["ticket.triaged"]),
        ("cases", cases),
        ("events: case.created", events["case.created"]),
        ("  cases that 飞书 heard of", len(set(cards))),
        ("  cards repeated after a kill", len(cards) - len(set(cards))),
        ("deliveries done", delivered),
        ("deliveries given up", dead),
        ("workers killed", kills),
        ("wrong requests to Zammad", len(scene.zammad.wrong)),
    ]
    for name, value in rows:
        click.echo(f"{name:34} {value:6}")
    wanted = len(answers)
    same = [answers.count("accepted"), decided, sum(notes), notes.count(1), tagged]
    is_right = {*same, events["ticket.triaged"]} == {wanted}
    return (
        is_right
        and cases == events["case.created"] == len(set(cards))
        and (dead, delivered, scene.zammad.wrong) == (0, wanted + cases, [])
    )


def _replay(scene: Scene, texts: list[str]) -> None:
    """What a policy would have decided in which refunds begin at P1."""
    source, cases, changed = (scene.home / n for n in ("in.csv", "cases.jsonl", "changed.toml"))
    pd.DataFrame({"text": texts}).to_csv(source, index=False)
    given = (ROOT / "classifier" / "policy.toml").read_text(encoding="utf-8")
    new, times = re.subn(r'(?m)^(refund *= *\{.*priority *= *)"P\d"', r'\1"P1"', given)
    if times != 1:
        sys.exit("the packaged policy has no line for refunds")
    changed.write_text(new, encoding="utf-8")
    for words in (
        ["classify", "--input", str(source), "--output", str(cases)],
        ["policy", "replay", "--against", str(changed), "--examples", "1", str(cases)],
    ):
        ran = subprocess.run(
            [sys.executable, "-m", "classifier", *words],
            cwd=ROOT, env=scene.env, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if ran.returncode not in {0, 3}:
            sys.exit(ran.stderr)
    click.echo(ran.stdout.rstrip())


def _ring(scene: Scene) -> bool:
    """Runs the worker with a clock that is ahead; whether somebody was called each time."""
    secret = load_secret(scene.home)
    told = []
    for ahead in (timedelta(minutes=50), timedelta(minutes=70), timedelta(days=3)):
        before = len(scene.robot.requests)
        file = TargetsFile(scene.home / "targets.toml")
        clock = lambda ahead=ahead: datetime.now(UTC) + ahead  # noqa: E731
        Runner(scene.database, secret, file, PolicyWatch(None), clock=clock).run(
            threading.Event(), once=True
        )
        with scene.database.session() as session:
            types = collections.Counter(session.scalars(select(OutboxEvent.type)))
        named = {n: types[f"case.{n}"] for n in ("reminder", "overdue", "escalated")}
        cards = len(scene.robot.requests) - before
        told.append(cards)
        click.echo(f"clock {ahead!s:>15} ahead: events so far {named}, {cards} new cards")
    return all(told)


@click.command()
@click.option("--tickets", type=click.IntRange(1, 5000), default=500, show_default=True)
@click.option("--kills", type=click.IntRange(0, 100), default=20, show_default=True)
def main(tickets: int, kills: int) -> None:
    """Send tickets in, kill workers, and say what became of everything."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    files = sorted((ROOT / "data" / "corpus").glob("*.csv"))
    corpus = pd.concat([pd.read_csv(file, dtype=str) for file in files])
    texts = corpus.text.sample(tickets, random_state=1).tolist()
    with _scene(tickets) as scene:
        port = scene.env["TRIAGE_PORT"]
        command = [sys.executable, "-m", "service", "serve"]
        with running(command, scene.env, int(port)), ThreadPoolExecutor(4) as pool:
            numbered = enumerate(texts, _FIRST_TICKET)
            sent = [pool.submit(_send, port, number, text) for number, text in numbered]
            sent[0].result()
            died = _kill_workers(scene, kills, tickets * _REQUESTS_A_TICKET)
            answers = [one.result() for one in sent]
            _until(lambda: scene.pending() == 0)
        click.echo("# Tickets in, workers killed")
        is_right = _table(scene, answers, died)
        click.echo("\n# A changed policy: refunds begin at P1")
        _replay(scene, texts)
        click.echo("\n# The clock runs fast")
        is_right = _ring(scene) and is_right
    click.echo("\nnothing lost, nothing twice" if is_right else "\nNOT AS IT SHOULD BE")
    sys.exit(not is_right)


if __name__ == "__main__":
    main()
