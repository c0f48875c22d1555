"""What a case and its verdicts can be."""

from __future__ import annotations

from enum import IntEnum


class State(IntEnum):
    """Where a case stands; the first two are open."""

    NEW = 0
    CLAIMED = 1
    RESOLVED = 2
    DISMISSED = 3

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to act."""
        return self <= State.CLAIMED


class VerdictState(IntEnum):
    """How far the verdict on a case has come."""

    NONE = 0
    REVIEWED = 1
    DISPUTED = 2  # two reviewers disagree: an adjudicator decides
    FINAL = 3


class VerdictKind(IntEnum):
    """Which step a verdict is."""

    REVIEW = 1
    SECOND_REVIEW = 2
    ADJUDICATION = 3
