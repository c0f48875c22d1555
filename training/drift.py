"""How unlike the training some texts or predictions are, and what reviewers say of answers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import Path

from classifier.drift import Finding, Verdict, compare
from classifier.errors import InputFileError
from classifier.files import Row, read_rows, text_of
from classifier.prediction import Prediction
from classifier.profile import Counts, Json, Labels, Profile, add_counts, seen, tally
from classifier.recorded import read_recorded
from classifier.review import AUDIT
from classifier.reviewed import Heads, judge_reviews, no_reviews, note
from classifier.triage import Triage

_ROWS_AT_ONCE = 1024


@dataclass(frozen=True, slots=True)
class Stream:
    """What files hold: counts of their texts, and rows left out by reason."""

    texts: int
    counts: Counts
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Feedback:
    """Verdicts on a model's answers: of cases drawn at random, and of all, by head."""

    drawn: Heads
    all: Heads
    other_models: int


def read_stream(
    paths: Iterable[Path], triage: Triage, labels: Labels, column: str, step: Callable[[int], None]
) -> Stream:
    """The counts of texts, which the model reads, or of predictions that it once made.

    A row without the text column that has an `outcome` is a prediction, as `classify` writes it.

    Raises:
        InputFileError: a file cannot be read, or no row can be used.
    """
    counts: Counts = {}
    left_out, texts = Counter[str](), 0
    for path in paths:
        rows = read_rows(path, needs=column)
        while chunk := list(islice(rows, _ROWS_AT_ONCE)):
            found, used = _count(chunk, triage, labels, column, left_out)
            counts, texts = add_counts(counts, found), texts + used
            step(len(chunk))
    if not texts:
        reasons = ", ".join(f"{count} x {reason}" for reason, count in left_out.most_common(3))
        raise InputFileError(f"no row holds a text or a prediction of this model: {reasons}")
    return Stream(texts, counts, left_out)


def _count(
    rows: Sequence[Row], triage: Triage, labels: Labels, column: str, left_out: Counter[str]
) -> tuple[Counts, int]:
    texts: list[str] = []
    stored: list[Prediction] = []
    for row in rows:
        if column not in row.cells and "outcome" in row.cells:
            stored += _stored(row.cells, triage.version, left_out)
            continue
        text, fault = text_of(row, column)
        if fault or not text.strip():
            left_out[fault or "no text"] += 1
        else:
            texts.append(text)
    words, unknown = triage.count_words(texts)
    read = seen(triage.predict(texts, with_evidence=False), labels)
    read = replace(read, words=words, unknown=unknown)
    both = add_counts(tally(read, labels), tally(seen(stored, labels), labels))
    return both, len(texts) + len(stored)


def _stored(cells: Json, version: str, left_out: Counter[str]) -> list[Prediction]:
    """The one prediction of a row, or none and why."""
    if cells.get("model_version") != version:
        left_out["prediction of another model"] += 1
        return []
    try:
        prediction = read_recorded(cells).prediction
    except InputFileError as error:
        left_out[str(error)] += 1
        return []
    chars = cells.get("chars_used")
    return [prediction._replace(chars_used=chars if isinstance(chars, int) else -1)]


def read_feedback(
    paths: Iterable[Path], version: str, labels: Labels, since: datetime | None = None
) -> Feedback:
    """The deciding verdict of each case whose prediction this model made, from a day on.

    That is the settling one, or else the last. Only cases that were drawn at random (`audit` among
    `case_reasons`) say how often the model errs: the others were looked at for what it said.

    Raises:
        InputFileError: a line is none of `export-feedback`.
    """
    deciding: dict[object, Json] = {}
    other, first = 0, f"{since:%Y-%m-%d}" if since else ""
    for line in _lines(paths):
        if str(line["at"]) < first:
            continue
        if line.get("model_version") != version:
            other += 1
            continue
        known = deciding.get(line["case_id"])
        if known is None or _rank(line) >= _rank(known):
            deciding[line["case_id"]] = line
    found = Feedback(no_reviews(labels), no_reviews(labels), other)
    for line in deciding.values():
        _note(found.all, line, labels)
        reasons = line.get("case_reasons")
        if isinstance(reasons, list) and AUDIT in reasons:
            _note(found.drawn, line, labels)
    return found


def judge_drift(
    profile: Profile, stream: Stream, feedback: Feedback | None, labels: Labels
) -> list[Finding]:
    """Every measure that profile, texts and verdicts allow."""
    found = compare(profile.counts, stream.counts, labels)
    return [*found, *judge_reviews(profile, feedback.drawn)] if feedback else found


def worst(findings: Iterable[Finding]) -> Verdict:
    """What all findings together ask for."""
    return max((finding.verdict for finding in findings), default=Verdict.STABLE)


def _lines(paths: Iterable[Path]) -> Iterator[Json]:
    for path in paths:
        try:
            content = path.read_text(encoding="utf-8")
            for line in filter(str.strip, content.splitlines()):
                found = json.loads(line)
                if not isinstance(found, dict) or not {"case_id", "at", "prediction"} <= set(found):
                    raise InputFileError(f"{path} holds a line that is no verdict")
                yield found
        except (OSError, ValueError) as error:
            raise InputFileError(f"{path} cannot be read: {error}") from error


def _rank(line: Json) -> tuple[bool, str]:
    return bool(line.get("is_settled")), str(line["at"])


def _note(heads: Heads, line: Json, labels: Labels) -> None:
    prediction, correction = _table(line, "prediction"), _table(line, "correction")
    note(heads, prediction, (correction.get("category"), correction.get("level")), labels)


def _table(values: Json, name: str) -> Json:
    value = values.get(name)
    return value if isinstance(value, dict) else {}
