"""A whole run: a file in, a file of answers out, the same whether or not it was interrupted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path

from classifier.batch.formats import format_of
from classifier.batch.journal import Identity, Journal, Part, opened
from classifier.batch.score import Scorer, Tally, chunks
from classifier.batch.workers import Scored, workers
from classifier.errors import InputFileError
from classifier.files import Reading, Row, read_rows
from classifier.policy import Policy
from classifier.triage import Triage

Progress = Callable[[float, Tally], None]  # share of the input that is read, what came out


@dataclass(frozen=True, slots=True)
class Plan:
    """How a file is read, by how many processes it is scored, and from when its clocks count."""

    text_column: str = "text"
    jobs: int = 1
    is_restart: bool = False
    received_at: datetime | None = None  # now
    scheduler: str | None = None  # of a folder


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did; `seconds` of all its parts, `resumed_rows` were there when it started."""

    tally: Tally
    seconds: float
    resumed_rows: int = 0


def classify_file(
    model: tuple[Triage, Policy],
    source: Path,
    target: Path,
    plan: Plan = Plan(),
    progress: Progress = lambda _share, _tally: None,
) -> Summary:
    """Write an answer for each row, in order; the same call goes on with an unfinished output.

    Raises:
        InputFileError: the input is no table with that column, or the output cannot be written.
        UnfinishedError: the output was begun from something else, or is being written.
        WorkerError: a process that scored rows is gone.
    """
    triage, policy = model
    output, reading = format_of(target), Reading()
    rows = _begun(read_rows(source, needs=plan.text_column, reading=reading))
    try:
        identity = Identity.of(source, plan.text_column, triage.version, policy.content_hash)
        journal = Journal(identity, plan.received_at or datetime.now(UTC).replace(microsecond=0))
        with opened(target, output, journal, is_restart=plan.is_restart) as part:
            resumed = part.journal.tally.rows
            scorer = Scorer(triage, policy, part.journal.received_at, output)
            waiting = chunks(islice(rows, resumed, None), plan.text_column)
            with workers(scorer, plan.jobs) as score:
                _write_all(score(waiting), part, lambda tally: progress(reading.share(), tally))
            part.finish()
            return Summary(part.journal.tally, part.journal.seconds, resumed)
    except OSError as error:
        raise InputFileError(f"{target} cannot be written: {error.strerror or error}") from error


def _begun(rows: Iterator[Row]) -> Iterator[Row]:
    """The rows, the first of them read: what is wrong with the whole file shows before a run."""
    first = next(rows, None)
    return rows if first is None else chain([first], rows)


def _write_all(found: Iterable[Scored], part: Part, progress: Callable[[Tally], None]) -> None:
    last = time.perf_counter()
    for content, tally in found:
        now = time.perf_counter()
        part.write(content, tally, now - last)
        last = now
        progress(part.journal.tally)
