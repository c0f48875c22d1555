"""What the library says of one text: plain frozen values, no behaviour.

What is made for every text is a NamedTuple: as immutable as a frozen dataclass, made in half the
time (5 against 11 µs for a prediction with its parts).

All offsets count characters of the text as the caller sent it, `start` inclusive, `end` exclusive.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import NamedTuple

from classifier.calendar import BusinessHours, due
from classifier.clocks import StatutoryClock


class Outcome(StrEnum):
    """Whether the answer may be acted on."""

    OK = "ok"
    NEEDS_HUMAN = "needs_human"
    ERROR = "error"


class Band(StrEnum):
    """How far a head may be trusted on this text, by thresholds learned on held-out folds."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


def bands_from(least: Band) -> frozenset[Band]:
    """That band and all surer ones.

    >>> sorted(bands_from(Band.MEDIUM))
    [<Band.HIGH: 'high'>, <Band.MEDIUM: 'medium'>]
    """
    surest_first = list(Band)
    return frozenset(surest_first[: surest_first.index(least) + 1])


class Priority(IntEnum):
    """Urgency of a case; a lower number is more urgent."""

    P0 = 0
    P1 = 1
    P2 = 2
    P3 = 3


class Routing(StrEnum):
    """How a case reaches its team."""

    AUTO = "auto"  # without a person
    SUGGEST = "suggest"  # a person confirms
    MANUAL = "manual"  # a person chooses


class Intensity(NamedTuple):
    """Anger in the words: `level` counts from the lowest level's number, `score` is in 0-1."""

    level: int
    name: str
    score: float
    probs: tuple[float, ...]
    band: Band

    lowest: int = 1

    @property
    def rank(self) -> float:
        """Position of the level on the model's own scale: 0 is the calmest, 1 the angriest."""
        return (self.level - self.lowest) / max(1, len(self.probs) - 1)


class RankedCategory(NamedTuple):
    """One candidate category with its calibrated probability."""

    code: str
    prob: float


class Category(NamedTuple):
    """What the complaint is about; `top` holds the three likeliest, best first."""

    code: str
    name: str
    prob: float
    band: Band
    top: tuple[RankedCategory, ...]


class Signal(NamedTuple):
    """A risk that the writer expresses, where it stands in the text."""

    code: str
    start: int
    end: int
    text: str


class Evidence(NamedTuple):
    """A piece of text and its exact linear contribution to the decision of one head."""

    head: str
    start: int
    end: int
    text: str
    weight: float


class Prediction(NamedTuple):
    """Everything the model says of one text; a head that was not trained or not judged is None."""

    outcome: Outcome
    outcome_reasons: tuple[str, ...]
    intensity: Intensity | None
    category: Category | None
    signals: tuple[Signal, ...]
    evidence: tuple[Evidence, ...]
    language: str
    chars_used: int
    truncated: bool
    model_version: str
    tokeniser: str


@dataclass(frozen=True, slots=True)
class Reason:
    """A policy rule that shaped the decision, and what it saw."""

    rule: str
    detail: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Urgency and owner of a case; the response counts in `hours`, or never stops with None."""

    priority: Priority
    respond_within_seconds: int
    reasons: tuple[Reason, ...]
    team: str
    tier: str
    routing: Routing
    policy_version: str
    policy_hash: str
    hours: BusinessHours | None
    statutory: tuple[StatutoryClock, ...]

    @property
    def auto(self) -> bool:
        """Whether it may be routed without a person."""
        return self.routing is Routing.AUTO

    def due_at(self, start: datetime) -> datetime:
        """When the first response is due, in UTC, for a complaint of that moment."""
        return due(start, self.respond_within_seconds, self.hours)
