"""Writes a simulated year of cases into a database, and measures how insight finds what is in it.

`python -m tests.show.year --cases 200000 --seed 2026 --out FOLDER`: the world is `year.toml`. See
docs/insight.md for how to read what it prints.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import click
import orjson
from sqlalchemy import func, select

from service.app import Parts, load_parts
from service.cases.tables import Case, CaseContent
from service.db import Database, upgrade
from service.insight.arrivals import UTC_OFFSET_HOURS
from service.insight.surges import DAY
from service.settings import Settings, read_settings
from service.tables import Role
from service.users import create_user
from tests.conftest import ROOT
from tests.show.year import pages
from tests.show.year.replay import replay_surges, replay_weeks
from tests.show.year.score import score_issues, score_surges, score_words, unplanned_words
from tests.show.year.shown import Result, markdown
from tests.show.year.store import Written, write_year
from tests.show.year.world import World, read_world

_PEOPLE = ["王敏", "李强", "赵云", "陈静", "刘洋", "杨帆", "黄磊", "周婷", "吴刚",
           "徐丽", "孙浩", "马兰"]  # fmt: skip
_EPOCH = date(1970, 1, 1)


@click.command()
@click.option("--database-url", default="", help="An empty database; SQLite in the folder if none.")
@click.option("--cases", default=200_000, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option(
    "--every", default=7, show_default=True, help="Days between two looks at words and issues."
)
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False))
@click.option("--screenshots", type=click.Path(path_type=Path, file_okay=False))
@click.option("--skip-pages", is_flag=True, help="Do not measure pages.")
def main(
    database_url: str, cases: int, seed: int, every: int, out: Path,
    screenshots: Path | None, *, skip_pages: bool,
) -> None:  # fmt: skip
    """Write a year of cases, look at it as the service would have, and print what was found."""
    settings = read_settings({
        "TRIAGE_HOME": str(out), "TRIAGE_MODELS": str(ROOT / "models"),
        "TRIAGE_DATABASE_URL": database_url,
    })  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    parts, world = load_parts(settings), read_world(seed)
    seconds: dict[str, float] = {}
    with _timed(seconds, "writing"):
        written = make(parts, world, cases)
    result = measure(parts.database, world, written, seconds, every=every)
    if screenshots or not skip_pages:
        with _timed(seconds, "pages"):
            result.pages.extend(_pages(settings, parts.database, screenshots, skip=skip_pages))
    (out / "year.json").write_bytes(orjson.dumps(result.as_json(), option=orjson.OPT_INDENT_2))
    click.echo(markdown(result))


def make(
    parts: Parts, world: World, cases: int, *, corpus: Path = ROOT / "data" / "corpus"
) -> Written:
    """The year in an empty database, with the people who work in it."""
    database = parts.database
    upgrade(database)
    with database.session() as session:
        if session.scalar(select(func.count()).select_from(Case)):
            sys.exit("the database has cases already: name an empty one")
    for name in _PEOPLE:
        create_user(database, name, Role.ADJUDICATOR, pages.PASSWORD)
    create_user(database, pages.ADMIN, Role.ADMIN, pages.PASSWORD)
    with click.progressbar(length=cases, label="writing", file=sys.stderr) as bar:
        return write_year(parts, world, corpus, cases, step=bar.update)


def measure(
    database: Database,
    world: World,
    written: Written,
    seconds: dict[str, float],
    *,
    every: int,
    since: int = 0,
) -> Result:
    """Replays the year's looks and compares what they found with what was planted.

    Looks at surges begin with the day `since`.
    """
    planted = written.planted
    owner = {number: code for code, numbers in planted.items() for number in numbers}
    sizes = {code: len(numbers) for code, numbers in planted.items()}
    with _timed(seconds, "hourly looks"), _steps(world.days, "hourly looks") as step:
        surges = replay_surges(database, world, since=since, step=step)
    with _timed(seconds, "rebuilds"), _steps(world.days // every, "rebuilds") as step:
        weeks = replay_weeks(database, world, every=every, step=step)
    found, alarms = score_surges(world, surges, owner, sizes)
    found += score_words(world, weeks, sizes)
    found += score_issues(world, weeks, planted, _days(database, world))
    shown, own, others = unplanned_words(world, weeks, _texts(database, planted))
    return Result(
        written.cases, world.seed, seconds, found, alarms, shown, own, others,
        weeks[-1].seconds if weeks else 0.0, [],
    )  # fmt: skip


def _pages(
    settings: Settings, database: Database, folder: Path | None, *, skip: bool
) -> list[pages.Timing]:
    with database.session() as session:
        newest = select(func.max(Case.id)).where(Case.is_open.is_(True))
        talk = select(func.max(CaseContent.case_id)).where(CaseContent.dialogue.is_not(None))
        case = session.scalar(newest) or 1
        places = {"case": case, "talk": session.scalar(talk) or case}
    with pages.served(settings, database) as site:
        found = [] if skip else pages.times(site, places)
        if folder is not None:
            pages.screenshots(site, places, folder)
    return found


def _days(database: Database, world: World) -> dict[int, int]:
    """On which day of the year each case came in."""
    first = (world.first - _EPOCH).days
    with database.session() as session:
        rows = session.execute(select(Case.id, Case.created_hour))
        return {number: (hour + UTC_OFFSET_HOURS) // DAY - first for number, hour in rows}


def _texts(database: Database, planted: dict[str, list[int]]) -> dict[str, str]:
    """All different texts of each planted thing, joined."""
    found = {}
    with database.session() as session:
        for code, numbers in planted.items():
            some = select(CaseContent.searchable).where(CaseContent.case_id.in_(numbers[:900]))
            found[code] = "\n".join(sorted(set(session.scalars(some))))
    return found


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[name] = round(time.perf_counter() - start, 1)


@contextmanager
def _steps(number: int, label: str) -> Iterator[Callable[[str], None]]:
    with click.progressbar(length=number, label=label, file=sys.stderr) as bar:
        yield lambda _: bar.update(1)


if __name__ == "__main__":
    main()
