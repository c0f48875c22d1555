"""What a stored case costs in PostgreSQL: how many a second, and how many bytes of each table.

`python -m tests.show.stored` starts the service with the current model on a new database of the
server that TRIAGE_TEST_POSTGRES_URL names, and sends complaints that become cases as fast as they
are answered, each with an Idempotency-Key, as the proxy of docs/nginx.conf gives it. Prints JSON.
Where `fsync` is off, the server does not wait for its disk: such a rate means nothing.
"""

from __future__ import annotations

import json
import multiprocessing
import tempfile
import uuid
from collections.abc import Iterable
from itertools import cycle, islice
from pathlib import Path
from statistics import median

import click
from sqlalchemy import func, select, text

from service.cases.tables import Case
from service.db import Database
from tests.bench.server import requests_of, run_client, service
from tests.bench.texts import rows
from tests.service.postgres import drop_template, postgres_server

_TEXTS, _MOST_A_ROUND = 4000, 8000
_SIZES = text(
    "SELECT relname, pg_total_relation_size(oid) FROM pg_class"
    " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
)


def with_keys(requests: Iterable[bytes]) -> list[bytes]:
    """The requests, each with an Idempotency-Key of its own."""
    keyed = []
    for request in requests:
        head, _, body = request.partition(b"\r\n\r\n")
        key = uuid.uuid4().hex.encode()
        keyed.append(head + b"\r\nIdempotency-Key: " + key + b"\r\n\r\n" + body)
    return keyed


def measure(database: Database, home: Path, rounds: int) -> dict[str, object]:
    """Store for so many rounds of two seconds; the first is not counted in the rate."""
    corpus = rows(_TEXTS)
    texts = corpus[corpus.intensity.isin(["4", "5"])].text.tolist()
    before = _sizes(database)
    url = database.engine.url.render_as_string(hide_password=False)
    with (
        service(home, TRIAGE_DATABASE_URL=url) as (port, key),
        multiprocessing.get_context("spawn").Pool(1) as client,
    ):
        plain = requests_of("/v1/classify", key, texts, store=True)
        rates = [
            client.apply(run_client, (port, with_keys(islice(cycle(plain), _MOST_A_ROUND))))[0]
            for _ in range(rounds + 1)
        ]
    with database.session() as session:
        cases = session.scalar(select(func.count()).select_from(Case)) or 0
        fsync = session.scalar(text("SHOW fsync"))
        version = session.scalar(text("SHOW server_version"))
    grown = {name: size - before.get(name, 0) for name, size in _sizes(database).items()}
    each = {name: round(size / max(1, cases)) for name, size in grown.items()}
    return {
        "postgresql": version, "fsync": fsync, "cases": cases,
        "cases_a_second": round(median(rates[1:])), "bytes_a_case": sum(each.values()),
        "bytes_a_case_by_table": {name: size for name, size in sorted(each.items()) if size},
    }  # fmt: skip


def _sizes(database: Database) -> dict[str, int]:
    """Bytes of each table, with its indexes and what is kept beside it."""
    with database.session() as session:
        return {row.relname: row[1] for row in session.execute(_SIZES)}


@click.command()
@click.option("--rounds", type=click.IntRange(1, 600), default=10, show_default=True)
def main(rounds: int) -> None:
    """Store cases over the API, then say what they cost."""
    with tempfile.TemporaryDirectory() as home, postgres_server().database() as url:
        database = Database(url)
        found = measure(database, Path(home), rounds)
        database.close()
    drop_template()
    click.echo(json.dumps(found))


if __name__ == "__main__":
    main()
