"""How long complaints wait while old cases are deleted.

`python -m tests.show.purging --cases 20000` fills a new SQLite database with closed cases, stores
complaints one after the other without a purge and then while a purge deletes every old case, and
prints the wait for a stored complaint, in milliseconds, of both, and how fast cases were deleted.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from sqlalchemy import update

from classifier import Triage, load
from classifier.policy import Policy, decide
from classifier.policy_file import load_policy
from classifier.reply import reply
from service.actors import Actor
from service.audit import Trail
from service.cases.intake import Intake
from service.cases.record import Judged
from service.cases.states import State
from service.cases.tables import Case
from service.db import Database, upgrade
from service.privacy.days import RetentionDays
from service.privacy.purge import purge
from service.schemas import Complaint
from service.secret import load_secret
from service.tables import Role
from tests.conftest import ROOT
from training.dataset import Columns, read_dataset

_BY = Actor("cli:show", Role.ADMIN, "cli")
_SIDE = 200  # complaints that are timed without a purge
_BATCH = 500


def judged(texts: Sequence[str], model: Triage, policy: Policy) -> list[Judged]:
    """Each text as a complaint that becomes a case."""
    found, now = [], datetime.now(UTC)
    for text, prediction in zip(texts, model.predict(texts), strict=True):
        decision = decide(prediction, policy)
        entry = {**reply("show", prediction, decision, received_at=now), "id": None}
        complaint = Complaint(text=text)
        found.append(Judged(complaint, prediction, decision, entry, ("audit",), None, 1, now, _BY))
    return found


def waits(store: Callable[[], object], *, until: Callable[[int], bool]) -> list[float]:
    """Milliseconds of each call, one after the other, with a short pause between."""
    found: list[float] = []
    while not until(len(found)):
        begin = time.perf_counter()
        store()
        found.append(1000 * (time.perf_counter() - begin))
        time.sleep(0.005)
    return found


def measure(cases: int, folder: Path, model: Triage, policy: Policy) -> dict[str, float]:
    """The figures of one run in an empty folder."""
    corpus = read_dataset(sorted((ROOT / "data" / "corpus").glob("b*.csv")), Columns())
    texts = [example.text for example in corpus.examples[: min(cases, 2000)]]
    ready = judged(texts, model, policy)
    secret = load_secret(folder)
    with closing(Database(f"sqlite:///{folder / 'triage.sqlite3'}")) as database:
        upgrade(database)
        intake = Intake(database, secret)
        for start in range(0, cases, _BATCH):
            some = [ready[n % len(ready)] for n in range(start, min(cases, start + _BATCH))]
            intake.enqueue_batch(some)
        old = datetime.now(UTC) - timedelta(days=100)
        closed = {"is_open": False, "state": State.RESOLVED, "resolved_at": old}
        with database.session() as session:
            session.execute(update(Case).values(**closed))
            session.commit()

        def store() -> object:
            return intake.enqueue(replace(ready[0], received_at=datetime.now(UTC)))

        alone = waits(store, until=lambda number: number >= _SIDE)
        days, trail = RetentionDays(cases=90), Trail(secret, _BY)
        gone: dict[str, int] = {}
        thread = threading.Thread(
            target=lambda: gone.update(purge(database, days, trail, datetime.now(UTC)))
        )
        begin = time.perf_counter()
        thread.start()
        beside = waits(store, until=lambda _number: not thread.is_alive())
        seconds = time.perf_counter() - begin
    return {
        "deleted": gone["cases"], "seconds": round(seconds, 1),
        **_figures("alone", alone), **_figures("beside", beside),
    }  # fmt: skip


def _figures(name: str, found: Sequence[float]) -> dict[str, float]:
    ranked = sorted(found)
    return {
        f"{name}_median_ms": round(statistics.median(ranked), 1),
        f"{name}_p99_ms": round(ranked[int(0.99 * (len(ranked) - 1))], 1),
        f"{name}_most_ms": round(ranked[-1], 1),
    }


@click.command()
@click.option("--cases", type=click.IntRange(100, 200_000), default=20_000, show_default=True)
def main(cases: int) -> None:
    """Delete old cases while complaints come in; print how long these waited."""
    with tempfile.TemporaryDirectory() as place:
        found = measure(cases, Path(place), load(models=ROOT / "models"), load_policy())
        click.echo(json.dumps(found))


if __name__ == "__main__":
    main()
