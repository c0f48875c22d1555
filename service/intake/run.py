"""Taking a source in: what can be read is judged and stored, the rest is told, and it goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from service.actors import Actor
from service.answers import Answers
from service.checks import check_complaint
from service.errors import ApiError
from service.intake.cursor import Cursor
from service.intake.source import Entry, Position, Source
from service.schemas import Complaint

_AT_ONCE = 100


@dataclass(slots=True)
class Report:
    """What one run did, in numbers of rows or mails."""

    taken: int = 0
    cases: int = 0
    faulty: int = 0
    skipped: int = 0
    attachments: int = 0


def take_in(
    source: Source, cursor: Cursor, answers: Answers, by: Actor, tell: Callable[[str], None]
) -> Report:
    """Reads a source on from its cursor to its end.

    A hundred entries are judged, and their cases stored in one transaction with the cursor: who is
    killed goes on after the last such step, with nothing lost and nothing twice. What cannot be
    taken is told before the step that leaves it behind.

    Raises:
        InputFileError, SourceError: the source cannot be read, or somebody else reads it too.
        SQLAlchemyError: the database does not answer: the steps before are done.
    """
    report, position = Report(), cursor.read()
    for batch in _batches(source.entries(position)):
        complaints = list(_checked(batch, report, tell))
        ids = [f"intake-{number}" for number, _ in complaints]
        judged = answers.judge_many([one for _, one in complaints], ids, by) if complaints else []
        old, position = position, Position(batch[-1].number, source.mark())
        answers.store(judged, cursor.moving(old, position))
        report.taken += len(judged)
        report.cases += sum(one.reply["case_id"] is not None for one in judged)
    return report


def _checked(
    batch: list[Entry], report: Report, tell: Callable[[str], None]
) -> Iterator[tuple[int, Complaint]]:
    """The complaints of a batch; the other entries are told and counted."""
    for entry in batch:
        report.attachments += entry.attachments
        if entry.skipped:
            report.skipped += 1
            continue
        try:
            if entry.fault is None:
                yield entry.number, check_complaint(entry.sent)
                continue
            fault = entry.fault
        except ApiError as error:
            fault = error.message
        report.faulty += 1
        tell(f"{entry.number}: {fault}")


def _batches(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    while batch := list(islice(entries, _AT_ONCE)):
        yield batch
