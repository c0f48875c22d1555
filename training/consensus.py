"""What several people's labels for one text come to.

An adjudicator decides. Else a label is settled where at least two people say the same and more
than say anything else; where they disagree it is left empty and named. One person alone is taken
as is. Category, level and risks are looked at one by one: who disagrees on the anger may agree on
the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from training.config import FeedbackSettings

Value = TypeVar("Value", bound=Hashable)


class Status(StrEnum):
    """How a text came by its labels."""

    ADJUDICATED = "adjudicated"
    AGREED = "agreed"  # at least one label by two people or more
    SINGLE = "single"
    OPEN = "open"  # all that was said twice is disputed


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one person says of a text; None where they say nothing. `at` orders opinions."""

    by: str
    at: str
    category: str | None
    level: int | None
    risks: frozenset[str] | None = None
    is_adjudication: bool = False


@dataclass(frozen=True, slots=True)
class Ruling:
    """The labels that count, None where there is none, and on which labels people disagree."""

    status: Status
    category: str | None
    level: int | None
    risks: frozenset[str] | None
    disputed: tuple[str, ...]

    @property
    def is_settled(self) -> bool:
        """Whether more than one person stands behind it."""
        return self.status in {Status.ADJUDICATED, Status.AGREED}

    @property
    def has_label(self) -> bool:
        """Whether it has a label that a head can learn."""
        return self.category is not None or self.level is not None


def latest(opinions: Sequence[Opinion]) -> list[Opinion]:
    """Each person's last opinion, in the order of time."""
    by_person: dict[str, Opinion] = {}
    for opinion in sorted(opinions, key=lambda one: one.at):
        by_person.pop(opinion.by, None)
        by_person[opinion.by] = opinion
    return list(by_person.values())


def rule(opinions: Sequence[Opinion]) -> Ruling:
    """What the opinions on one text come to.

    >>> rule([Opinion("a", "1", "refund", 3), Opinion("b", "2", "refund", 4)]).disputed
    ('level',)
    """
    last = latest(opinions)
    deciding = [one for one in last if one.is_adjudication]
    if deciding:
        one = deciding[-1]
        return Ruling(Status.ADJUDICATED, one.category, one.level, one.risks, ())
    category, category_votes = _settled([one.category for one in last])
    level, level_votes = _settled([one.level for one in last])
    risks, risk_votes = _settled([one.risks for one in last])
    named = (("category", category_votes), ("level", level_votes), ("risks", risk_votes))
    disputed = tuple(name for name, votes in named if votes == 0)
    heads = (category_votes, level_votes)
    alone = Status.OPEN if 0 in heads else Status.SINGLE
    status = Status.AGREED if max(heads) > 1 else alone
    return Ruling(status, category, level, risks, disputed)


def weight_of(
    ruling: Ruling, settings: FeedbackSettings, *, is_correction: bool, is_hard: bool
) -> float:
    """How much a text with these labels counts in fitting, relative to 1 for a settled one."""
    if ruling.is_settled:
        return settings.hard_negative if is_hard else 1.0
    return settings.single_correction if is_correction else settings.single_confirmation


def _settled(values: Sequence[Value | None]) -> tuple[Value | None, int]:
    """The value that counts and how many say it: 0 votes if they disagree, -1 if none says any."""
    votes = Counter(value for value in values if value is not None).most_common(2)
    if not votes:
        return None, -1
    value, count = votes[0]
    if len(votes) == 1:
        return value, count
    return (value, count) if count > 1 and count > votes[1][1] else (None, 0)
