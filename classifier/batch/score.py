"""Answers to the rows of a file, a chunk at a time; a row that cannot be judged is an error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from classifier.batch.decisions import Decisions
from classifier.batch.formats import Format
from classifier.files import Row, text_of
from classifier.policy import Policy
from classifier.prediction import Outcome
from classifier.reply import Json, error_reply, reply_with
from classifier.triage import BATCH, Triage

_SHOWN_ERRORS = 10


@dataclass(frozen=True, slots=True)
class Chunk:
    """Texts of consecutive rows from row number `first`, and why some have none, by place."""

    first: int
    texts: list[str]
    faults: dict[int, str]


@dataclass(slots=True)
class Tally:
    """What came out: rows, outcomes, priorities, and the first rows that are errors."""

    rows: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    priorities: Counter[str] = field(default_factory=Counter)
    error_rows: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Tally:
        """A tally from plain values, as a journal keeps them."""
        return cls(
            int(values["rows"]),
            Counter(values["outcomes"]),
            Counter(values["priorities"]),
            list(values["error_rows"]),
        )

    def add(self, other: Tally) -> None:
        """Count what came after."""
        self.rows += other.rows
        self.outcomes.update(other.outcomes)
        self.priorities.update(other.priorities)
        self.error_rows += other.error_rows[: _SHOWN_ERRORS - len(self.error_rows)]


@dataclass(frozen=True, slots=True)
class Scorer:
    """Everything that turns a chunk into the bytes of its answers."""

    triage: Triage
    policy: Policy
    received_at: datetime
    output: Format
    _decisions: Decisions = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_decisions", Decisions(self.policy, self.received_at))

    def score(self, chunk: Chunk) -> tuple[bytes, Tally]:
        """The answers as the output holds them, and their tally."""
        answers = self.answers(chunk)
        return self.output.encode(answers), _tally(answers)

    def answers(self, chunk: Chunk) -> list[Json]:
        """One answer a row, in order; `request_id` is the row's number."""
        try:
            return self._answers(chunk)
        except Exception as error:  # one row must never stop a run of a million
            if len(chunk.texts) > 1:
                return [one for part in _single_rows(chunk) for one in self.answers(part)]
            return [error_reply(chunk.first, f"cannot be analysed: {type(error).__name__}")]

    def _answers(self, chunk: Chunk) -> list[Json]:
        readable = [text for place, text in enumerate(chunk.texts) if place not in chunk.faults]
        predictions = iter(self.triage.predict(readable, with_evidence=self.output.has_evidence))
        found = []
        for place in range(len(chunk.texts)):
            number = chunk.first + place
            if place in chunk.faults:
                found.append(error_reply(number, chunk.faults[place]))
                continue
            prediction = next(predictions)
            found.append(reply_with(number, prediction, self._decisions.of(prediction)))
        return found


def chunks(rows: Iterable[Row], column: str) -> Iterator[Chunk]:
    """The rows by as many as the model works on at once."""
    rest = iter(rows)
    while some := list(islice(rest, BATCH)):
        texts, faults = [], {}
        for place, row in enumerate(some):
            text, fault = text_of(row, column)
            texts.append(text)
            if fault is not None:
                faults[place] = fault
        yield Chunk(some[0].number, texts, faults)


def _single_rows(chunk: Chunk) -> Iterator[Chunk]:
    for place, text in enumerate(chunk.texts):
        fault = chunk.faults.get(place)
        yield Chunk(chunk.first + place, [text], {} if fault is None else {0: fault})


def _tally(answers: list[Json]) -> Tally:
    outcomes = Counter([str(answer["outcome"]) for answer in answers])
    levels = [one["level"] for one in (a["priority"] for a in answers) if isinstance(one, dict)]
    errors = [answer["request_id"] for answer in answers if answer["outcome"] == Outcome.ERROR]
    return Tally(len(answers), outcomes, Counter(levels), [int(str(n)) for n in errors])
