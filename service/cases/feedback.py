"""Verdicts as JSON Lines, one file for each day, for the next training.

A file is made from the database each time and written only if it differs, so that exporting twice
changes nothing. Reviewers are pseudonyms; texts are masked, as they are kept, and cases whose text
is not kept are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import orjson
from sqlalchemy import literal, select, tuple_
from sqlalchemy.orm import Session

from service.cases.plain import plain
from service.cases.shown import verdict_fields
from service.cases.states import VerdictKind, VerdictState
from service.cases.tables import Case, CaseContent, Verdict
from service.columns import RowId, UtcDateTime
from service.db import Database
from service.secret import Secret

_PAGE = 1000
Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export did."""

    verdicts: int
    files: int
    written: int


def export_feedback(database: Database, secret: Secret, folder: Path) -> Exported:
    """Writes every verdict to `<folder>/<day>.jsonl`.

    Raises:
        OSError: the folder cannot be written to.
        SQLAlchemyError: the database does not answer.
    """
    folder.mkdir(parents=True, exist_ok=True)
    verdicts = files = written = 0
    with database.session() as session:
        lines = _lines(session, secret)
        for day, group in groupby(lines, key=lambda line: str(line["at"])[:10]):
            content = b""
            for line in group:
                content += orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
                verdicts += 1
            files += 1
            written += _write(folder / f"{day}.jsonl", content)
    return Exported(verdicts, files, written)


def feedback_lines(database: Database, secret: Secret) -> Iterator[bytes]:
    """Every verdict as a line of JSON, by time.

    Raises:
        SQLAlchemyError: the database does not answer.
    """
    with database.session() as session:
        for line in _lines(session, secret):
            yield orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def _lines(session: Session, secret: Secret) -> Iterator[Json]:
    """Every verdict by time: a clock that was set back must not put one day into two pieces."""
    place = tuple_(Verdict.at, Verdict.id)
    last = (datetime.fromtimestamp(0, UTC), 0)
    while True:
        statement = (
            select(Verdict, Case, CaseContent)
            .join(Case, Case.id == Verdict.case_id)
            .join(CaseContent, CaseContent.case_id == Verdict.case_id)
            .where(CaseContent.text != "")  # of the others there is nothing to learn
            .where(place > tuple_(literal(last[0], UtcDateTime), literal(last[1], RowId)))
            .order_by(Verdict.at, Verdict.id)
            .limit(_PAGE)
        )
        rows = session.execute(statement).all()
        for verdict, case, content in rows:
            yield _line(verdict, case, content, secret)
        if not rows:
            return
        last = (rows[-1][0].at, rows[-1][0].id)
        session.expunge_all()


def _line(verdict: Verdict, case: Case, content: CaseContent, secret: Secret) -> Json:
    shown = verdict_fields(verdict)
    del shown["actor"], shown["predicted"]
    correction = {name: shown.pop(name) for name in ("category", "level", "signals", "priority")}
    return {
        **shown,
        "case_id": case.id,
        "id": case.client_id,
        "text": content.text,
        "channel": case.channel,
        "customer_tier": case.customer_tier,
        "contacts": case.contacts,
        "case_reasons": case.reasons.split(),
        "prediction": {**content.prediction, "priority": plain(verdict.predicted_priority)},
        "correction": correction,
        "reviewer": secret.hash("reviewer", verdict.actor.encode()).hex()[:16],
        "is_settled": _is_settled(verdict, case),
        "decision": content.decision,
        "policy_version": case.policy_version,
    }


def _is_settled(verdict: Verdict, case: Case) -> bool:
    """Whether this verdict made the labels final: an agreeing second review or an adjudication."""
    if case.verdict_state is not VerdictState.FINAL:
        return False
    return verdict.kind is VerdictKind.ADJUDICATION or verdict.agrees is True


def _write(path: Path, content: bytes) -> bool:
    """Replaces a file in one step if its content is another; whether it did."""
    if path.exists() and path.read_bytes() == content:
        return False
    new = path.with_suffix(".new")
    new.write_bytes(content)
    new.replace(path)
    return True
