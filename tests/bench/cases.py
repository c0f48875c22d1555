"""The case queue at 200,000 cases: `python -m tests.bench.cases [--cases N]`.

Prints the 95th percentile of whole pages as a supervisor gets them, and of the calls behind them,
on SQLite in a temporary folder, and on PostgreSQL when TRIAGE_TEST_POSTGRES_URL names a server.
"""

from __future__ import annotations

import csv
import logging
import os
import random
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from itertools import chain
from pathlib import Path

import click
import structlog
from sqlalchemy import insert, text

from classifier.policy import Context, decide
from classifier.prediction import Priority
from classifier.reply import reply
from service import create_app
from service.actors import Actor
from service.app import load_parts
from service.cases.file import get_case
from service.cases.intake import add_cases
from service.cases.queue import Filters, Sort, Window, list_cases
from service.cases.record import Judged, Rows, hour, rows
from service.cases.states import State, VerdictKind, VerdictState
from service.cases.statistics import statistics
from service.cases.tables import Verdict
from service.db import Database, upgrade
from service.schemas import Complaint
from service.settings import Settings, read_settings
from service.similar.find import similar_cases
from service.tables import Role
from service.texts import KeepText
from service.users import create_user
from tests.conftest import ROOT
from tests.service.postgres import VARIABLE, drop_template, postgres_server

Json = dict[str, object]
_CHUNK = 5000
_CATEGORIES = ("quality", "refund", "delivery", "attitude", "safety", "privacy", "other")
_SIGNALS = (" ", " ", " ", " repeat ", " regulator ", " legal media ", " self_harm ")
_TEAMS = ("quality", "finance", "logistics", "service_quality", "safety", "legal")
_ROUNDS = 40
_LIMITS_MS = {
    "list": 150, "search": 150, "case": 100, "similar": 50, "statistics": 500,
    "queue page": 150, "case page": 100, "statistics page": 500,
}  # fmt: skip
_PASSWORD = "benchmark only 1"


def fill(database: Database, number: int, *, share_open: float, seed: int = 7) -> None:
    """Adds cases over the last 60 days, in bulk."""
    draws = random.Random(seed)  # noqa: S311  (a sample, not a secret)
    choices = contents()
    now = datetime.now(UTC)
    done = 0
    while done < number:
        size = min(_CHUNK, number - done)
        cases = [_case(draws, now, is_open=draws.random() < share_open) for _ in range(size)]
        made = [replace(draws.choice(choices), case=case) for case in cases]
        with database.engine.begin() as connection:
            ids = add_cases(connection, made)
            judged = [_verdict(draws, case, i) for case, i in zip(cases, ids, strict=True)]
            connection.execute(insert(Verdict), [one for one in judged if one])
        done += size
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # What PostgreSQL's autovacuum has done on a server that has run for a while.
        is_postgresql = database.engine.dialect.name == "postgresql"
        connection.execute(text("VACUUM ANALYZE" if is_postgresql else "ANALYZE"))


def _texts() -> list[str]:
    rows: list[str] = []
    for path in sorted((ROOT / "data" / "corpus").glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows += [row["text"] for row in csv.DictReader(file)]
    return rows


def _case(draws: random.Random, now: datetime, *, is_open: bool) -> Json:
    created_at = now - timedelta(seconds=draws.randrange(60 * 86_400))
    priority = Priority(draws.choices(range(4), (2, 18, 60, 20))[0])
    seconds = draws.randrange(100_000)
    state = draws.choice((State.NEW, State.CLAIMED) if is_open else (State.RESOLVED,))
    responded = None if state is State.NEW else created_at + timedelta(seconds=seconds)
    return {
        "client_id": f"T-{draws.randrange(10**9)}", "created_by": "key:bench",
        "customer_hash": draws.randrange(50_000).to_bytes(16, "big"), "customer_tier": None,
        "contacts": 1, "channel": draws.choice(("app", "phone", "weibo", "email")),
        "product": f"P{draws.randrange(300)}", "region": f"R{draws.randrange(30)}",
        "outcome": "ok", "reasons": "priority", "level": draws.choice((1, 2, 3, 4, 4, 4, 5)),
        "category": draws.choice(_CATEGORIES), "signals": draws.choice(_SIGNALS),
        "priority": priority, "score": draws.random(), "uncertainty": draws.random(),
        "team": draws.choice(_TEAMS), "tier": "L1", "model_version": "m", "policy_version": "p",
        "tokeniser": "t", "created_at": created_at, "created_hour": hour(created_at),
        "clock_start_at": created_at, "due_at": created_at + timedelta(hours=24),
        "first_response_at": responded, "response_seconds": seconds if responded else None,
        "resolved_at": None if is_open else responded,
        "resolution_seconds": None if is_open else seconds, "state": state, "is_open": is_open,
        "owner": f"user:{draws.randrange(20)}" if state is State.CLAIMED else None,
        "snoozed_until": None, "waiting_since": None, "paused_seconds": 0, "escalation_step": 0,
        "verdict_state": VerdictState.NONE, "version": 1,
    }  # fmt: skip


@cache
def contents() -> list[Rows]:
    """Texts, predictions and decisions of the current model on a part of the corpus."""
    parts = load_parts(_settings(Path(), ""))
    texts = _texts()[::24]
    found = []
    for content, prediction in zip(texts, parts.predictor.model.predict(texts), strict=True):
        decision = decide(prediction, parts.predictor.policy, Context())
        now = datetime.now(UTC)
        entry = reply("bench", prediction, decision, received_at=now)
        by = Actor("key:bench", Role.ADMIN, "cli")
        judged = Judged(
            Complaint(text=content), prediction, decision, entry, ("audit",), None, 1, now, by
        )
        found.append(rows(judged, KeepText.MASKED))
    return found


def _settings(home: Path, url: str) -> Settings:
    environment = {"TRIAGE_HOME": str(home), "TRIAGE_MODELS": str(ROOT / "models")}
    return read_settings(environment | ({"TRIAGE_DATABASE_URL": url} if url else {}))


def _verdict(draws: random.Random, case: Json, number: int) -> Json | None:
    if draws.random() > 0.2:
        return None
    category = draws.choice(_CATEGORIES)
    kind = draws.choice((VerdictKind.REVIEW, VerdictKind.REVIEW, VerdictKind.SECOND_REVIEW))
    return {
        "case_id": number, "at": case["created_at"], "actor": "user:1", "kind": kind,
        "category": category, "level": 3, "signals": " ", "priority": Priority.P2,
        "predicted_category": case["category"], "predicted_level": case["level"],
        "predicted_signals": case["signals"], "predicted_priority": case["priority"],
        "is_correction": True, "agrees": draws.random() < 0.8, "reason": "", "model_version": "m",
    }  # fmt: skip


def measure(database: Database, number: int) -> Iterator[tuple[str, str, float]]:
    """Kind, what exactly, and the 95th percentile in milliseconds."""
    now = datetime.now(UTC)

    def listed(filters: Filters, window: Window = Window()) -> Callable[[], object]:  # noqa: B008  (frozen)
        return lambda: list_cases(database, filters, window, now=now)

    deep = Window()
    for _ in range(20):
        deep = Window(cursor=list_cases(database, Filters(), deep, now=now).next_cursor)
    every = frozenset(State)
    yield "list", "urgency, first page", _p95(listed(Filters()))
    yield "list", "urgency, page 21", _p95(listed(Filters(), deep))
    yield "list", "uncertainty", _p95(listed(Filters(), Window(Sort.UNCERTAINTY)))
    yield "list", "newest", _p95(listed(Filters(), Window(Sort.NEWEST)))
    one = Filters(categories=frozenset({"privacy"}), signals=frozenset({"self_harm"}))
    yield "list", "category and signal", _p95(listed(one))
    none = Filters(channels=frozenset({"fax"}), levels=frozenset({5}))
    yield "list", "filters that nothing passes", _p95(listed(none))
    yield "list", "that, by uncertainty", _p95(listed(none, Window(Sort.UNCERTAINTY)))
    yield "list", "that, newest", _p95(listed(none, Window(Sort.NEWEST)))
    yield "list", "overdue", _p95(listed(Filters(is_overdue=True)))
    yield "list", "one owner", _p95(listed(Filters(owner="user:3")))
    yield "list", "closed ones too", _p95(listed(Filters(states=every)))
    for word in ("退款", "客服态度", "不存在的词语", "的", "12315"):
        yield "search", word, _p95(listed(Filters(words=(word,))))
        yield "search", f"{word}, closed too", _p95(listed(Filters(states=every, words=(word,))))
    rare = Filters(words=("退款",), channels=frozenset({"fax"}))
    yield "search", "退款, with a filter that nothing passes", _p95(listed(rare))
    draws = random.Random(1)  # noqa: S311  (a sample, not a secret)
    yield "case", "any", _p95(lambda: get_case(database, draws.randrange(number) + 1))
    model = load_parts(_settings(Path(), "")).predictor.model

    def alike() -> object:
        return similar_cases(database, model, draws.randrange(number) + 1)

    alike()  # loads what is made at first use
    yield "similar", "any", _p95(alike)
    yield "statistics", "30 days", _p95(lambda: statistics(database, now=now), rounds=12)
    yield "statistics", "60 days", _p95(lambda: statistics(database, now=now, days=60), rounds=12)


def measure_pages(database: Database, number: int) -> Iterator[tuple[str, str, float]]:
    """The same of pages, as whole answers of the application to somebody who is logged in."""
    with tempfile.TemporaryDirectory() as folder:
        url = database.engine.url.render_as_string(hide_password=False)
        settings = _settings(Path(folder), url)
        create_user(database, "bench", Role.ADMIN, _PASSWORD)
        client = create_app(
            settings, replace(load_parts(settings), database=database)
        ).test_client()
        shown = client.get("/login").get_data(as_text=True)
        token = re.search(r'name="csrf" value="([0-9a-f]+)"', shown)
        assert token
        form = {"csrf": token.group(1), "name": "bench", "password": _PASSWORD}
        assert client.post("/login", data=form).status_code == 303

        def page(path: str) -> None:
            answer = client.get(path)
            assert answer.status_code == 200, (path, answer.status_code)

        for path in (
            "/cases", "/cases?sort=uncertainty", "/cases?overdue=true", "/cases?q=退款",
            "/cases?category=privacy&signal=self_harm", "/cases?state=all&sort=newest",
        ):  # fmt: skip
            yield "queue page", path, _p95(partial(page, path))
        draws = random.Random(1)  # noqa: S311  (a sample, not a secret)
        yield "case page", "any", _p95(lambda: page(f"/cases/{draws.randrange(number) + 1}"))
        for path in ("/statistics", "/statistics?days=90"):
            yield "statistics page", path, _p95(partial(page, path), rounds=12)


def _p95(run: Callable[[], object], *, rounds: int = _ROUNDS) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return sorted(times)[int(rounds * 0.95)] * 1000


@contextmanager
def _databases() -> Iterator[list[Database]]:
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        urls = [f"sqlite:///{Path(folder) / 'cases.sqlite3'}"]
        if os.environ.get(VARIABLE):
            stack.callback(drop_template)
            urls.append(stack.enter_context(postgres_server().database()))
        databases = [Database(url) for url in urls]
        for database in databases:
            stack.callback(database.close)
            upgrade(database)
        yield databases


def _bytes(database: Database) -> int:
    """What the whole database takes, indexes and all."""
    is_postgresql = database.engine.dialect.name == "postgresql"
    asked = (
        "SELECT pg_database_size(current_database())"
        if is_postgresql
        else "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    )
    with database.session() as session:
        return int(session.execute(text(asked)).scalar_one())


@click.command()
@click.option("--cases", "number", default=200_000, show_default=True)
@click.option("--share-open", default=0.5, show_default=True, help="Of the cases, still open.")
@click.option("--only", type=click.Choice(["sqlite", "postgresql"]), help="One of the two.")
def main(number: int, share_open: float, only: str | None) -> None:
    """Fill, measure, and say which limit is not kept."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with _databases() as databases:
        for database in databases:
            name = database.engine.dialect.name
            if only not in {None, name}:
                continue
            start = time.perf_counter()
            fill(database, number, share_open=share_open)
            seconds, size = time.perf_counter() - start, _bytes(database) / number
            click.echo(f"{name}: {number:,} cases in {seconds:.0f} s, {size:,.0f} bytes each")
            measures = measure(database, number), measure_pages(database, number)
            for kind, what, p95 in chain.from_iterable(measures):
                limit = _LIMITS_MS[kind]
                kept = "" if p95 <= limit else f"  OVER {limit}"
                click.echo(f"  {kind:10} {what:44} p95 {p95:8.1f} ms{kept}")


if __name__ == "__main__":
    main()
