"""Classifies a whole file with bounded memory; one bad row never stops the run."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path

from classifier.files import Row, read_rows, text_of
from classifier.policy import Policy, decide
from classifier.reply import Json, error_reply, reply
from classifier.triage import Triage

_ROWS_AT_ONCE = 1024


def classify_file(
    triage: Triage, policy: Policy, source: Path, *, text_column: str, received_at: datetime
) -> Iterator[Json]:
    """One answer per row, in order; `request_id` is the row's number from 1.

    Raises:
        InputFileError: the file cannot be read as a table with that column.
    """
    for rows in _chunks(read_rows(source, needs=text_column)):
        texts = [text_of(row, text_column) for row in rows]
        readable = [text for text, fault in texts if fault is None]
        predictions = iter(triage.predict(readable))
        for row, (_, fault) in zip(rows, texts, strict=True):
            if fault is not None:
                yield error_reply(row.number, fault)
                continue
            prediction = next(predictions)
            decision = decide(prediction, policy)
            yield reply(row.number, prediction, decision, received_at=received_at)


def write_json_lines(answers: Iterable[Json], target: Path) -> Counter[str]:
    """Write one object a line, then move the file into place; counts the outcomes."""
    outcomes: Counter[str] = Counter()
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as file:
            for answer in answers:
                outcomes[str(answer["outcome"])] += 1
                file.write(_line(answer))
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return outcomes


def _line(answer: Json) -> str:
    line = json.dumps(answer, ensure_ascii=False)
    if not line.isascii() and any("\ud800" <= char <= "\udfff" for char in line):
        line = json.dumps(answer)  # lone surrogates cannot be written as UTF-8, only escaped
    return line + "\n"


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while chunk := list(islice(rows, _ROWS_AT_ONCE)):
        yield chunk
