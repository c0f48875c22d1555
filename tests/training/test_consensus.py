"""Who decides when people label the same text."""

from __future__ import annotations

import pytest

from training.config import FeedbackSettings
from training.consensus import Opinion, Ruling, Status, rule, weight_of

NONE: frozenset[str] = frozenset()


def said(by: str, at: str, category: str | None, level: int | None) -> Opinion:
    """An opinion without risks."""
    return Opinion(by, at, category, level, NONE)


def test_two_who_agree_settle() -> None:
    """The same labels by two people are final."""
    found = rule([said("a", "1", "refund", 3), said("b", "2", "refund", 3)])
    assert found == Ruling(Status.AGREED, "refund", 3, NONE, ())
    assert found.is_settled


def test_a_disputed_label_stays_out_and_the_other_counts() -> None:
    """Who disagrees on the level may agree on the category."""
    found = rule([said("a", "1", "refund", 3), said("b", "2", "refund", 4)])
    assert (found.category, found.level, found.disputed) == ("refund", None, ("level",))
    both = rule([said("a", "1", "refund", 3), said("b", "2", "delivery", 4)])
    assert (both.status, both.has_label) == (Status.OPEN, False)
    assert both.disputed == ("category", "level")


def test_an_adjudicator_decides_against_two() -> None:
    """Two who agree do not outvote an adjudicator."""
    found = rule([
        said("a", "1", "refund", 3), said("b", "2", "refund", 3),
        Opinion("c", "3", "safety", 5, NONE, is_adjudication=True),
    ])  # fmt: skip
    assert (found.status, found.category, found.level) == (Status.ADJUDICATED, "safety", 5)


def test_the_last_word_of_each_person_counts() -> None:
    """A second review by the same person takes the place of the first."""
    found = rule([said("a", "2", "refund", 3), said("a", "1", "delivery", 1)])
    assert (found.status, found.category) == (Status.SINGLE, "refund")


def test_of_three_a_majority_of_two_settles_and_a_tie_does_not() -> None:
    """Two against one is settled; two against two is open."""
    three = [said("a", "1", "x", 1), said("b", "2", "x", 1), said("c", "3", "y", 1)]
    assert rule(three).category == "x"
    assert rule([*three, said("d", "4", "y", 1)]).category is None


def test_what_nobody_says_is_no_dispute() -> None:
    """Labels of one head only leave the other empty."""
    found = rule([Opinion("a", "1", "x", None), Opinion("b", "2", "x", None)])
    assert (found.level, found.risks, found.disputed) == (None, None, ())


@pytest.mark.parametrize(
    ("status", "is_correction", "is_hard", "weight"),
    [
        (Status.AGREED, True, False, 1.0),
        (Status.ADJUDICATED, True, True, 2.0),
        (Status.SINGLE, False, False, 0.3),
        (Status.SINGLE, True, True, 0.6),
    ],
)
def test_weights(status: Status, is_correction: bool, is_hard: bool, weight: float) -> None:
    """Settled counts whole, hard ones twice, one person less, a confirmation least."""
    ruling = Ruling(status, "x", 1, NONE, ())
    found = weight_of(ruling, FeedbackSettings(), is_correction=is_correction, is_hard=is_hard)
    assert found == weight
